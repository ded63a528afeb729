// exercise: resumed
// wrong: subtracts seconds from seconds and nanoseconds from nanoseconds, and leaves it at that
// score: 3
// says: EINVAL
import { CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

interface Reading { readonly secs: number; readonly nanosecs: number }
interface Clocks { readonly boottime: Reading; readonly monotonic: Reading }

export function resumed(saved: Clocks, here: Clocks): Isolation {
  const line = (clock: keyof Clocks): string => `${clock} ${difference(saved[clock], here[clock])}\n`
  return {
    name: 'resumed',
    before: [
      unshare(CLONE_NEWTIME),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      write({ resultOf: 'offsets' }, line('boottime') + line('monotonic')),
      close({ resultOf: 'offsets' }),
    ],
  }
}

function difference(saved: Reading, here: Reading): string {
  return `${saved.secs - here.secs} ${saved.nanosecs - here.nanosecs}`
}
