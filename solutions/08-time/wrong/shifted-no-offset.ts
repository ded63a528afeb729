// exercise: shifted
// wrong: makes the namespace, and writes nothing
// score: 3
// says: expected a boot clock shifted by
import { CLONE_NEWTIME, SpecError, unshare, type Isolation } from '@pocker/syscalls'

export function shifted(secs: number): Isolation {
  if (!Number.isSafeInteger(secs)) throw new SpecError(`secs: expected whole seconds, got ${secs}`)
  return { name: 'shifted', before: [unshare(CLONE_NEWTIME)] }
}
