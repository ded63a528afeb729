// `docker run --cpu-shares`, for both versions of control groups.
import { because, close, O_CLOEXEC, O_WRONLY, open, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }

const [LEAST, MOST, WEIGHTS] = [2, 262_144, 9999]

export function weighed({ directory, version }: Group, shares: number): Isolation {
  const kept = Math.min(Math.max(shares, LEAST), MOST)
  const weight = 1 + Math.floor(((kept - LEAST) * WEIGHTS) / (MOST - LEAST))
  const [file, value] = version === 2 ? ['cpu.weight', weight] : ['cpu.shares', kept]
  return {
    name: 'weighed',
    child: [...put(`${directory}/${file}`, String(value)), ...put(`${directory}/cgroup.procs`, '0')],
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path },
  because('a file of a group takes its value in one write', write({ resultOf: path }, value)),
  close({ resultOf: path }),
]
