// exercise: shifted
// wrong: checks only that it is a number
// score: 4
// says: shifted() accepted what it must refuse
import {
  CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, SpecError, unshare, write, type Isolation,
} from '@pocker/syscalls'

export function shifted(secs: number): Isolation {
  if (Number.isNaN(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return {
    name: 'shifted',
    before: [
      unshare(CLONE_NEWTIME),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      write({ resultOf: 'offsets' }, `boottime ${Math.trunc(secs)} 0\n`),
      close({ resultOf: 'offsets' }),
    ],
  }
}
