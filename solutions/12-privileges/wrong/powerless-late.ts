// exercise: powerless
// wrong: drops from the bounding set when CAP_SETPCAP is gone
// score: 1
// says: a step failed: prctl(PR_CAPBSET_DROP
import { CAP, capset, dropBounding, mayFail, SpecError, type Isolation } from '@pocker/syscalls'

export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  const dropped = Object.entries(CAP).filter(([name]) => !keep.includes(name))
    .map(([, bit]) => mayFail(dropBounding(bit), 'EINVAL'))
  return { name: 'powerless', child: [capset({ effective: keep, permitted: keep, inheritable: [] }), ...dropped] }
}
