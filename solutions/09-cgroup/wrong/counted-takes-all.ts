// exercise: counted
// wrong: refuses nothing
// score: 4
// says: counted() accepted what it must refuse
import { close, O_CLOEXEC, O_WRONLY, open, write, type Isolation, type Syscall } from '@pocker/syscalls'

export function counted(directory: string, max: number): Isolation {
  return {
    name: 'counted',
    child: [
      ...put(`${directory}/pids.max`, max > 0 ? String(max) : 'max'),
      ...put(`${directory}/cgroup.procs`, '0'),
    ],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
