// exercise: powerless
// wrong: forgets that inheritable ones get through
// score: 4
// says: of the caller
import { CAP, dropBounding, mayFail, SpecError, type Isolation } from '@pocker/syscalls'

export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  const dropped = Object.entries(CAP).filter(([name]) => !keep.includes(name))
    .map(([, bit]) => mayFail(dropBounding(bit), 'EINVAL'))
  return { name: 'powerless', child: dropped }
}
