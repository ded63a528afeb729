// exercise: powerless
// wrong: passes over a name that is none
// score: 5
// says: powerless() accepted what it must refuse
import { CAP, capset, dropBounding, mayFail, type Isolation } from '@pocker/syscalls'

export function powerless(names: readonly string[]): Isolation {
  const keep = names.filter((name) => name in CAP)
  const dropped = Object.entries(CAP).filter(([name]) => !keep.includes(name))
    .map(([, bit]) => mayFail(dropBounding(bit), 'EINVAL'))
  return { name: 'powerless', child: [...dropped, capset({ effective: keep, permitted: keep, inheritable: [] })] }
}
