// exercise: counted
// wrong: writes -1 for any number, as in version 1 of memory
// score: 4
// says: EINVAL
import { close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

export function counted(directory: string, max: number): Isolation {
  if (!Number.isSafeInteger(max) || max < -1) throw new SpecError(`max: expected a whole number of at least -1, got ${max}`)
  return {
    name: 'counted',
    child: [
      ...put(`${directory}/pids.max`, String(max > 0 ? max : -1)),
      ...put(`${directory}/cgroup.procs`, '0'),
    ],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
