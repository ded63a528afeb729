// exercise: powerless
// wrong: hands on what it keeps, too
// score: 4
// says: of the caller
import { CAP, capset, dropBounding, mayFail, SpecError, type Isolation } from '@pocker/syscalls'

export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  const dropped = Object.entries(CAP).filter(([name]) => !keep.includes(name))
    .map(([, bit]) => mayFail(dropBounding(bit), 'EINVAL'))
  return { name: 'powerless', child: [...dropped, capset({ effective: keep, permitted: keep, inheritable: keep })] }
}
