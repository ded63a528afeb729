// A root with few capabilities, for good.
import { because, CAP, capset, clearAmbient, dropBounding, mayFail, SpecError, type Isolation } from '@pocker/syscalls'

/** @throws {SpecError} if a name is none */
export function powerless(keep: readonly string[]): Isolation {
  const wrong = keep.find((name) => CAP[name] === undefined)
  if (wrong !== undefined) throw new SpecError(`keep: expected names such as CAP_CHOWN, got ${wrong}`)
  const dropped = Object.entries(CAP).filter(([name]) => !keep.includes(name))
  return {
    name: 'powerless',
    child: [
      // EINVAL: an older kernel does not know the newest of them.
      ...dropped.map(([, bit]) => mayFail(because('while there is CAP_SETPCAP', dropBounding(bit)), 'EINVAL')),
      because('and nothing is inherited', capset({ effective: keep, permitted: keep, inheritable: [] })),
      clearAmbient(),
    ],
  }
}
