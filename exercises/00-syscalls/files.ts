// Steps of the checks, before and behind those of an answer.
//
//   copy('/tmp/a', '/tmp/b')   → steps that write what the one file holds to the other, which is there
//   alarm('a-child-is-left')   → a step that cannot be made: whoever gets to it ends the list with this word
import {
  chdir, close, mayFail, O_CLOEXEC, O_RDONLY, O_WRONLY, open, read, sendfile, type Syscall,
} from '@pocker/syscalls'
import { Failure } from '@pocker/grader'

const MOST = 4096

/** @param skip so many bytes at the beginning are left out */
export function copy(from: string, to: string, skip = 0): Syscall[] {
  const [source, target] = [{ resultOf: `the check's ${from}` }, { resultOf: `the check's ${to}` }]
  return [
    { ...mayFail(open(from, O_RDONLY | O_CLOEXEC), 'ENOENT'), as: source.resultOf },
    { ...open(to, O_WRONLY | O_CLOEXEC), as: target.resultOf },
    // EBADF: there is no file, and so no descriptor. The check says that better than a failed step of its own.
    ...[...(skip > 0 ? [read(source, skip)] : []), sendfile(target, source, MOST), close(source)]
      .map((step) => mayFail(step, 'EBADF')),
    close(target),
  ]
}

export const alarm = (word: string): Syscall => chdir(`/${word}`)

/** @throws {Failure} with this message if the list got to the alarm */
export async function unalarmed(running: Promise<unknown>, word: string, message: string): Promise<void> {
  try {
    await running
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes(`chdir("/${word}")`)) throw error
    throw new Failure(message, {}, { cause: error })
  }
}
