// A boot clock that runs ahead of the machine's.
import {
  because, CLONE_NEWTIME, close, O_CLOEXEC, O_WRONLY, open, SpecError, unshare, write, type Isolation,
} from '@pocker/syscalls'

/** @throws {SpecError} if it is no whole number */
export function shifted(secs: number): Isolation {
  if (!Number.isSafeInteger(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return {
    name: 'shifted',
    before: [
      because('for the children to come', unshare(CLONE_NEWTIME)),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      because('while nobody is in it yet', write({ resultOf: 'offsets' }, `boottime ${secs} 0\n`)),
      close({ resultOf: 'offsets' }),
    ],
  }
}
