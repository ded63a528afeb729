// Steps of checks, before and behind those of an answer: what it has to work on, and how they look at what came of it.
//
//   rootfs('/tmp/box', 'here')                    → steps that make a root file system, with a directory /here in it
//   await reaches(run(…), 'here', 'no such …')    → a Failure with this message if the list ended at /here
//
// Invariant: the directories' names are tokens, so only who stands in the right place can enter them.
import {
  chdir, close, mayFail, mkdir, O_CLOEXEC, O_CREAT, O_RDONLY, O_WRONLY, open, sendfile, umask, write, type Syscall,
} from '@pocker/syscalls'
import { Failure } from './verdict.ts'

/** More than any busybox has. */
const MOST = 8 * 1024 * 1024

/** Just enough for the grader's probe: a shell. Any user may enter. */
export function rootfs(root: string, ...directories: readonly string[]): Syscall[] {
  const [from, to] = [{ resultOf: 'the check\'s busybox' }, { resultOf: 'the check\'s shell' }]
  return [
    umask(0o022),
    ...[root, `${root}/bin`, `${root}/tmp`, ...directories.map((name) => `${root}/${name}`)].map((path) => made(path)),
    { ...open('/bin/busybox', O_RDONLY | O_CLOEXEC), as: from.resultOf },
    { ...open(`${root}/bin/sh`, O_CREAT | O_WRONLY | O_CLOEXEC, 0o755), as: to.resultOf },
    sendfile(to, from, MOST), close(to), close(from),
  ]
}

/** Writes what the one file holds, if it is there, to the other, which is. */
export function copied(from: string, to: string): Syscall[] {
  const [source, target] = [{ resultOf: `the check's ${from}` }, { resultOf: `the check's ${to}` }]
  return [
    mayFail({ ...open(from, O_RDONLY | O_CLOEXEC), as: source.resultOf }, 'ENOENT', 'ENOTDIR'),
    { ...open(to, O_WRONLY | O_CLOEXEC), as: target.resultOf },
    mayFail(sendfile(target, source, MOST), 'EBADF'), mayFail(close(source), 'EBADF'), close(target),
  ]
}

const made = (path: string): Syscall => ({ ...mkdir(path, 0o755), mayFail: ['EEXIST'] })

/** @throws {Failure} with this message if the container's list ended at `chdir(path)` */
export async function reaches<T>(running: Promise<T>, path: string, message: string): Promise<T> {
  try {
    return await running
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes(`chdir("${path}")`)) throw error
    throw new Failure(message, { expected: `a directory ${path}`, seen: error.message }, { cause: error })
  }
}

/** Enters a directory if it can; where it can, sounds the alarm: a step that cannot be made. */
export const never = (path: string, alarm: string): Syscall =>
  ({ ...chdir(path), mayFail: ['ENOENT', 'EACCES', 'ENOTDIR'], onZero: [chdir(`/${alarm}`)] })

/** More than a path of the checks has. */
export const up: readonly Syscall[] = Array.from({ length: 8 }, () => chdir('..'))

/** A file that holds the text. */
export function filled(path: string, text: string): Syscall[] {
  const file = { resultOf: `the check's ${path}` }
  return [{ ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644), as: file.resultOf }, write(file, text), close(file)]
}
