// exercise: resumed
// wrong: counts in seconds with a fraction
// score: 4
// says: for boottime, got
import { CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

interface Reading { readonly secs: number; readonly nanosecs: number }
interface Clocks { readonly boottime: Reading; readonly monotonic: Reading }

const SECOND = 1_000_000_000

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
  const amount = saved.secs + saved.nanosecs / SECOND - (here.secs + here.nanosecs / SECOND)
  const secs = Math.floor(amount)
  return `${secs} ${Math.round((amount - secs) * SECOND)}`
}
