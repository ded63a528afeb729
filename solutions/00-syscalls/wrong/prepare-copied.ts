// exercise: prepare
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/syscalls: write it yourself
import { clone3, execve, wait4, type Isolation } from '@pocker/syscalls'

export function prepare(programs: readonly (readonly [string, ...string[]])[]): Isolation {
  return {
    name: 'prepare',
    child: programs.flatMap((argv, i) => [
      { ...clone3(0n, [execve(argv[0], argv, ['PATH=/bin'])]), as: `child ${i}` }, wait4({ resultOf: `child ${i}` }, 0),
    ]),
  }
}
