// exercise: cpus
// wrong: knows version 1 only
// score: 4
// says: cpu.cfs_period_us
import { close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }

const PERIOD = 100_000

export function cpus({ directory }: Group, count: number): Isolation {
  if (!(count >= 0.01)) throw new SpecError(`count: expected a number of at least 0.01, got ${count}`)
  const quota = Math.round(count * PERIOD)
  const files = [['cpu.cfs_period_us', String(PERIOD)], ['cpu.cfs_quota_us', String(quota)]] as const
  return {
    name: 'cpus',
    child: [...files, ['cgroup.procs', '0'] as const].flatMap(([file, value]) => put(`${directory}/${file}`, value)),
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
