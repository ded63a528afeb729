// exercise: powerless
// wrong: takes away what was to be kept
// score: 3
// says: CapBnd: expected
import { CAP, capset, dropBounding, mayFail, SpecError, type Isolation } from '@pocker/syscalls'

export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  const dropped = keep.map((name) => mayFail(dropBounding(CAP[name] ?? -1), 'EINVAL'))
  return { name: 'powerless', child: [...dropped, capset({ effective: [], permitted: [], inheritable: [] })] }
}
