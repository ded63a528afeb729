// A container that can have so many processes, and no more.
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

/** @throws {SpecError} if it is no limit */
export function counted(directory: string, max: number): Isolation {
  // step 4: what is no number of processes is refused, with the value
  if (!Number.isSafeInteger(max) || max < -1) throw new SpecError(`max: expected a whole number of at least -1, got ${max}`)
  // step 1: an empty plan is one, too
  return {
    name: 'counted',
    child: [
      // step 2: a limit is a text in a file; without one, the word is max
      ...put(`${directory}/pids.max`, max > 0 ? String(max) : 'max'),
      // step 3: and now the container goes in. Before, the limit would have come too late
      ...put(`${directory}/cgroup.procs`, '0'),
    ],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path },
  because('a file of a group takes its value in one write', write({ resultOf: path }, value)),
  close({ resultOf: path }),
]
