// exercise: counted
// wrong: sets the limit, and stays outside
// score: 4
// says: expected the container in the group
import { close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

export function counted(directory: string, max: number): Isolation {
  if (!Number.isSafeInteger(max) || max < -1) throw new SpecError(`max: expected a whole number of at least -1, got ${max}`)
  return {
    name: 'counted',
    child: [
      ...put(`${directory}/pids.max`, max > 0 ? String(max) : 'max'),
    ],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
