// exercise: shifted
// wrong: shifts the monotonic clock too
// score: 4
// says: expected a monotonic clock with the offset
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
      write({ resultOf: 'offsets' }, `boottime ${secs} 0\nmonotonic ${secs} 0\n`),
      close({ resultOf: 'offsets' }),
    ],
  }
}
