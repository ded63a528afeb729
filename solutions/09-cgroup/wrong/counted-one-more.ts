// exercise: counted
// wrong: allows one more, for the shell
// score: 3
// says: in pids.max, got
import { close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

export function counted(directory: string, max: number): Isolation {
  if (!Number.isSafeInteger(max) || max < -1) throw new SpecError(`max: expected a whole number of at least -1, got ${max}`)
  return {
    name: 'counted',
    child: [
      ...put(`${directory}/pids.max`, max > 0 ? String(max + 1) : 'max'),
      ...put(`${directory}/cgroup.procs`, '0'),
    ],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
