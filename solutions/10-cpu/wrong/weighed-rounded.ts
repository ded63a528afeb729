// exercise: weighed
// wrong: rounds to the nearest weight
// score: 3
// says: 1024 shares: expected 39 in cpu.weight, got 40
import { close, O_CLOEXEC, O_WRONLY, open, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }

const [LEAST, MOST, WEIGHTS] = [2, 262_144, 9999]

export function weighed({ directory, version }: Group, shares: number): Isolation {
  const kept = Math.min(Math.max(shares, LEAST), MOST)
  const weight = 1 + Math.round(((kept - LEAST) * WEIGHTS) / (MOST - LEAST))
  const [file, value] = version === 2 ? ['cpu.weight', weight] : ['cpu.shares', kept]
  return {
    name: 'weighed',
    child: [...put(`${directory}/${file}`, String(value)), ...put(`${directory}/cgroup.procs`, '0')],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
