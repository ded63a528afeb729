// exercise: powerless
// wrong: makes it a user who is not root, to be on the safe side: nothing is left
// score: 5
// says: but it lacks
import {
  CAP, capset, dropBounding, keepCapabilities, mayFail, setresgid, setresuid, SpecError, type Isolation,
} from '@pocker/syscalls'

const NOBODY = 65534

export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  const dropped = Object.entries(CAP).filter(([name]) => !keep.includes(name))
    .map(([, bit]) => mayFail(dropBounding(bit), 'EINVAL'))
  const become = [keepCapabilities(), setresgid(NOBODY), setresuid(NOBODY)]
  return { name: 'powerless', child: [...dropped, ...become, capset({ effective: keep, permitted: keep, inheritable: [] })] }
}
