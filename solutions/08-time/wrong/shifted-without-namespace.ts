// exercise: shifted
// wrong: makes no namespace, and writes to the machine's own offsets
// score: 1
// says: a step failed: write(
import {
  close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation,
} from '@pocker/syscalls'

export function shifted(secs: number): Isolation {
  if (!Number.isSafeInteger(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return {
    name: 'shifted',
    before: [
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      write({ resultOf: 'offsets' }, `boottime ${secs} 0\n`),
      close({ resultOf: 'offsets' }),
    ],
  }
}
