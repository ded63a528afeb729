// exercise: shifted
// wrong: leaves the descriptor open
// score: 4
// says: the process in between still has
import {
  CLONE_NEWTIME, O_CLOEXEC, O_WRONLY, open, SpecError, unshare, write, type Isolation,
} from '@pocker/syscalls'

export function shifted(secs: number): Isolation {
  if (!Number.isSafeInteger(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return {
    name: 'shifted',
    before: [
      unshare(CLONE_NEWTIME),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      write({ resultOf: 'offsets' }, `boottime ${secs} 0\n`),
    ],
  }
}
