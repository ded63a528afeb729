// The end of every list: take back what node changed, then become the program.
//
//   command({ argv: ['echo', 'hello'], env: ['PATH=/bin'] })   → the isolation whose last step is execve
//   foreground()                                               → a session of its own, and no life after the parent's
//   execFailure(argv, results)                                 → what to tell the user if no execve worked
//
// Invariant: the program finds default signals, an empty signal mask, and no descriptors but 0, 1 and 2.
import {
  blockSignals, chdir, closeOnExecFrom, defaultSignal, dieWithParent, dup3, execve, mkdir, setDescriptorFlags, setsid,
} from './calls.ts'
import type { Isolation } from './isolation.ts'
import { because, mayFail, type Syscall } from './syscall.ts'
import { errnoText, SpecError } from '../errno.ts'

/** Docker's default, in Docker's order. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export interface Command {
  /** The program and its arguments; a name without a slash is looked up in PATH. */
  readonly argv: readonly string[]
  /** `NAME=value`; PATH is added if it is missing. */
  readonly env?: readonly string[]
  /** Made if it is missing, as Docker does. */
  readonly cwd?: string
  /** How the program is executed, if not by its name. */
  readonly execute?: (argv: readonly string[], envp: readonly string[]) => Syscall
  /** The parent's descriptors that become 0, 1 and 2. */
  readonly stdio?: readonly [number, number, number]
  /** How many descriptors behind 2 the program gets as well; none if it is not said. */
  readonly preserved?: number
}

/** @throws {SpecError} if there is no program, a string holds a NUL, or one of `stdio` would be gone when its turn comes */
export function command({ argv, env = [], cwd, execute, stdio = [0, 1, 2], preserved = 0 }: Command): Isolation {
  const [program] = argv
  if (!program) throw new SpecError('command: expected a program and its arguments, got none')
  const bad = [...argv, ...env, cwd ?? ''].find((text) => text.includes('\0'))
  if (bad !== undefined) throw new SpecError(`command: expected text without a NUL byte, got ${JSON.stringify(bad)}`)
  const gone = stdio.findIndex((from, to) => from < to && from !== stdio[from])
  if (gone >= 0) {
    throw new SpecError(`command: expected another descriptor to become ${gone} than ${stdio[gone]}, which is replaced before`)
  }
  const path = env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length)
  const envp = path === undefined ? [`PATH=${DEFAULT_PATH}`, ...env] : env
  return {
    name: 'command',
    child: [
      ...(cwd ? workingDirectory(cwd) : []),
      ...stdio.map((from, to) => from === to
        ? because('node opens its stdio close-on-exec', setDescriptorFlags(to, 0))
        : dup3(from, to, 0)),
      ...Array.from({ length: preserved }, (_, i) => because('and whatever else it inherits', setDescriptorFlags(3 + i, 0))),
      because('whatever else the caller had open stays outside', closeOnExecFrom(3 + preserved)),
      ...['SIGPIPE', 'SIGXFSZ'].map((name) => because('node ignores it, and ignored signals stay ignored', defaultSignal(name))),
      because('the parent blocked all of them for the clone', blockSignals([])),
      ...(execute ? [execute(argv, envp)] : search(program, path ?? DEFAULT_PATH, argv, envp)),
    ],
  }
}

/** A container in the foreground: signals reach it through its parent alone, and it does not outlive that. */
// region foreground
export function foreground(): Isolation {
  return {
    name: 'foreground',
    child: [because('Ctrl-C comes from the parent, once', setsid()), because('die with the parent', dieWithParent())],
  }
}
// endregion

/** mkdir -p, then chdir: each mkdir may fail because the directory is there. */
export function workingDirectory(cwd: string): Syscall[] {
  const parts = cwd.split('/').filter(Boolean)
  const above = parts.map((_, i) => (cwd.startsWith('/') ? '/' : '') + parts.slice(0, i + 1).join('/'))
  return [...above.map((path) => mayFail(mkdir(path, 0o755))), chdir(cwd)]
}

/** execvp(3) as a list: the program in one directory of PATH after the other. What is there and cannot run ends the search. */
function search(program: string, path: string, argv: readonly string[], envp: readonly string[]): Syscall[] {
  return candidates(program, path).map((file, i, all) => {
    const step = execve(file, argv, envp)
    if (i === all.length - 1) return step
    return mayFail(because('not there? then the next directory of PATH', step), 'ENOENT', 'ENOTDIR', 'EACCES')
  })
}

/** @returns the files that a shell would try, in this order */
export function candidates(program: string, path: string): string[] {
  if (program.includes('/')) return [program]
  return path.split(':').map((dir) => `${dir || '.'}/${program}`)
}

/** One attempt to execute: the file, and the errno with which the kernel refused it. */
export interface Attempt { readonly path: string; readonly errno: number }

/** The exit codes of a shell for a command that did not start. @see https://pubs.opengroup.org/onlinepubs/9699919799/ XCU 2.8.2 */
export const CANNOT_EXECUTE = 126
export const NOT_FOUND = 127

/** @returns the sentence and the exit code for a program that could not be executed, as Docker words them */
export function execFailure(program: string, attempts: readonly Attempt[]): { message: string; exitCode: number } {
  const [ENOENT, EACCES, ENOTDIR] = [2, 13, 20]
  // Like execvp(3): a file that is there and refused tells more than all those that are not there.
  const telling = attempts.find(({ errno }) => errno !== ENOENT && errno !== ENOTDIR)
  const name = `exec: ${JSON.stringify(program)}`
  if (telling) {
    const hint = telling.errno === EACCES ? ': expected an executable file' : ''
    return { message: `${name}: ${errnoText(telling.errno).text}${hint}`, exitCode: CANNOT_EXECUTE }
  }
  if (!program.includes('/')) return { message: `${name}: executable file not found in $PATH`, exitCode: NOT_FOUND }
  return { message: `${name}: no such file or directory`, exitCode: NOT_FOUND }
}
