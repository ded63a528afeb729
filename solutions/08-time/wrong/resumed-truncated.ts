// exercise: resumed
// wrong: cuts a negative difference towards 0, and takes the rest without its sign
// score: 3
// says: for boottime, got -
import { CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

interface Reading { readonly secs: number; readonly nanosecs: number }
interface Clocks { readonly boottime: Reading; readonly monotonic: Reading }

const SECOND = 1_000_000_000n

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
  const all = ({ secs, nanosecs }: Reading): bigint => BigInt(secs) * SECOND + BigInt(nanosecs)
  const amount = all(saved) - all(here)
  const nanosecs = amount % SECOND
  return `${amount / SECOND} ${nanosecs < 0n ? -nanosecs : nanosecs}`
}
