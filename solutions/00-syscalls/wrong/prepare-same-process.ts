// exercise: prepare
// wrong: makes no child: the container becomes the first program
// score: 0
// says: the container ended before its program ran
import type { Isolation } from '@pocker/syscalls'

export function prepare(programs: readonly (readonly [string, ...string[]])[]): Isolation {
  return {
    name: 'prepare',
    child: programs.map((argv) => ({ call: 'execve', args: [argv[0], argv, ['PATH=/bin']] })),
  }
}
