// exercise: cpus
// wrong: rounds down
// score: 5
// says: in cpu.cfs_quota_us, got
import { close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }

const PERIOD = 100_000

export function cpus({ directory, version }: Group, count: number): Isolation {
  if (!(count >= 0.01)) throw new SpecError(`count: expected a number of at least 0.01, got ${count}`)
  const quota = Math.floor(count * PERIOD)
  const files = version === 2
    ? [['cpu.max', `${quota} ${PERIOD}`]] as const
    : [['cpu.cfs_period_us', String(PERIOD)], ['cpu.cfs_quota_us', String(quota)]] as const
  return {
    name: 'cpus',
    child: [...files, ['cgroup.procs', '0'] as const].flatMap(([file, value]) => put(`${directory}/${file}`, value)),
  }
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path }, write({ resultOf: path }, value), close({ resultOf: path }),
]
