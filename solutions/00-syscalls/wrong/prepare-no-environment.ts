// exercise: prepare
// wrong: forgets the environment
// score: 4
// says: got an empty one
import type { Isolation, Syscall } from '@pocker/syscalls'

const SIGCHLD = 17
const CLONE_ARGS_SIZE = 64

/** @param programs each one's absolute path, and its arguments */
export function prepare(programs: readonly (readonly [string, ...string[]])[]): Isolation {
  return {
    name: 'prepare',
    child: programs.flatMap((argv, i): Syscall[] => [
      {
        call: 'clone3', args: [{ flags: 0n, exit_signal: SIGCHLD }, CLONE_ARGS_SIZE], as: `child ${i}`,
        onZero: [{ call: 'execve', args: [argv[0], argv, []] }],
      },
      { call: 'wait4', args: [{ resultOf: `child ${i}` }, { out: 4 }, 0, null], why: 'it has ended before the next one begins' },
    ]),
  }
}
