// Clocks that go on where they stopped.
import {
  because, CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation,
} from '@pocker/syscalls'

interface Reading { readonly secs: number; readonly nanosecs: number }
interface Clocks { readonly boottime: Reading; readonly monotonic: Reading }

const SECOND = 1_000_000_000

export function resumed(saved: Clocks, here: Clocks): Isolation {
  const line = (clock: keyof Clocks): string => `${clock} ${difference(saved[clock], here[clock])}\n`
  return {
    name: 'resumed',
    before: [
      because('for the children to come', unshare(CLONE_NEWTIME)),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      because('while nobody is in it yet', write({ resultOf: 'offsets' }, line('boottime') + line('monotonic'))),
      close({ resultOf: 'offsets' }),
    ],
  }
}

/** In seconds and nanoseconds, of which the latter are never negative. */
function difference(saved: Reading, here: Reading): string {
  const [secs, nanosecs] = [saved.secs - here.secs, saved.nanosecs - here.nanosecs]
  return nanosecs < 0 ? `${secs - 1} ${nanosecs + SECOND}` : `${secs} ${nanosecs}`
}
