// exercise: weighed
// wrong: has no most
// score: 4
// says: cpu.weight
import { close, O_CLOEXEC, O_WRONLY, open, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }

const [LEAST, MOST, WEIGHTS] = [2, 262_144, 9999]

export function weighed({ directory, version }: Group, shares: number): Isolation {
  const kept = Math.max(shares, LEAST)
  const weight = 1 + Math.floor(((kept - LEAST) * WEIGHTS) / (MOST - LEAST))
  const [file, value] = version === 2 ? ['cpu.weight', weight] : ['cpu.shares', kept]
  return {
    name: 'weighed',
    child: [...put(`${directory}/${file}`, String(value)), ...put(`${directory}/cgroup.procs`, '0')],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
