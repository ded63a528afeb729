// exercise: shifted
// wrong: makes the namespace by a flag of the clone, which freezes the offsets at once
// score: 1
// says: EACCES
import {
  CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation,
} from '@pocker/syscalls'

export function shifted(secs: number): Isolation {
  if (!Number.isSafeInteger(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return {
    name: 'shifted',
    flags: CLONE_NEWTIME,
    child: [
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      write({ resultOf: 'offsets' }, `boottime ${secs} 0\n`),
      close({ resultOf: 'offsets' }),
    ],
  }
}
