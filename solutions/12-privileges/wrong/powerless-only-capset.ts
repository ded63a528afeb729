// exercise: powerless
// wrong: sets the permitted and effective sets, which the next execve fills again
// score: 4
// says: CapBnd: expected
import { CAP, capset, SpecError, type Isolation } from '@pocker/syscalls'

export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  return { name: 'powerless', child: [capset({ effective: keep, permitted: keep, inheritable: [] })] }
}
