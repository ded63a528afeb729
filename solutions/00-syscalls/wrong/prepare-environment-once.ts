// exercise: prepare
// wrong: gives the environment to the first program, as if the others inherited it
// score: 4
// says: program 2: expected the environment PATH=/bin, got an empty one
import type { Isolation, Syscall } from '@pocker/syscalls'

const SIGCHLD = 17
const CLONE_ARGS_SIZE = 64
const ENVIRONMENT = ['PATH=/bin']

/** @param programs each one's absolute path, and its arguments */
export function prepare(programs: readonly (readonly [string, ...string[]])[]): Isolation {
  return {
    name: 'prepare',
    child: programs.flatMap((argv, i): Syscall[] => [
      {
        call: 'clone3', args: [{ flags: 0n, exit_signal: SIGCHLD }, CLONE_ARGS_SIZE], as: `child ${i}`,
        onZero: [{ call: 'execve', args: [argv[0], argv, i === 0 ? ENVIRONMENT : []] }],
      },
      { call: 'wait4', args: [{ resultOf: `child ${i}` }, { out: 4 }, 0, null], why: 'it has ended before the next one begins' },
    ]),
  }
}
