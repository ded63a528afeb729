// exercise: shifted
// wrong: loses the sign
// score: 3
// says: expected a boot clock shifted by -3 0, got 3 0
import {
  CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, SpecError, unshare, write, type Isolation,
} from '@pocker/syscalls'

export function shifted(secs: number): Isolation {
  if (!Number.isSafeInteger(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return {
    name: 'shifted',
    before: [
      unshare(CLONE_NEWTIME),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      write({ resultOf: 'offsets' }, `boottime ${Math.abs(secs)} 0\n`),
      close({ resultOf: 'offsets' }),
    ],
  }
}
