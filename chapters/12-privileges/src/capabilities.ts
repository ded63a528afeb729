// Capabilities: root's power in forty-one parts, and which of them a container has.
//
//   capabilities({ bounding: DOCKER, effective: DOCKER, permitted: DOCKER })   → the isolation
//   resolve({ add: ['NET_ADMIN'], drop: ['ALL'] }, has)                        → the names of a set
//
// Invariant: what is not in the bounding set can never come back, not even by a setuid program. So it is emptied first, while
// there is still CAP_SETPCAP to do it; the rest follows once the user has changed.
import {
  because, CAP, capset, clearAmbient, dropBounding, mayFail, raiseAmbient, SpecError, type Isolation,
} from '@pocker/syscalls'

/** Sets of names such as CAP_CHOWN. @see OCI runtime spec, config.md, "Linux Process" */
export interface CapabilitySpec {
  readonly bounding?: readonly string[]
  readonly effective?: readonly string[]
  readonly permitted?: readonly string[]
  readonly inheritable?: readonly string[]
  readonly ambient?: readonly string[]
}

/** Docker's fourteen. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_AUDIT_WRITE', 'CAP_SETFCAP',
]

/** All in one, as a program gets them that root executes; a user who is not root keeps none but the ambient. */
export const same = (names: readonly string[]): CapabilitySpec => ({ bounding: names, effective: names, permitted: names })

/** Two parts: the second comes when the process is the user that it will be. */
export interface Capabilities { readonly bounded: Isolation; readonly set: Isolation }

/**
 * @throws {SpecError} if a name is none, or a set holds what its own limit does not
 * @see capabilities(7)
 */
// region capabilities
export function capabilities(spec: CapabilitySpec): Capabilities {
  const { bounding = [], effective = [], permitted = [], inheritable = [], ambient = [] } = spec
  for (const name of [bounding, effective, permitted, inheritable, ambient].flat()) number(name)
  within('effective', effective, 'permitted', permitted)
  within('ambient', ambient, 'permitted', permitted)
  within('ambient', ambient, 'inheritable', inheritable)
  const dropped = Object.keys(CAP).filter((name) => !bounding.includes(name))
  return {
    bounded: {
      name: 'capabilities',
      // EINVAL: an older kernel does not know the newest of them.
      child: dropped.map((name) => mayFail(because('not for this container, ever', dropBounding(number(name))), 'EINVAL')),
    },
    set: {
      name: 'capabilities',
      child: [
        because('no more than these', capset({ effective, permitted, inheritable })),
        clearAmbient(),
        ...ambient.map((name) => because('kept by a program that has none of its own', raiseAmbient(number(name)))),
      ],
    },
  }
}
// endregion

function within(small: string, names: readonly string[], large: string, all: readonly string[]): void {
  const beyond = names.filter((name) => !all.includes(name))
  if (beyond.length > 0) throw new SpecError(`capabilities.${small}: expected no more than ${large} has, got ${beyond.join(', ')}`)
}

function number(name: string): number {
  const bit = CAP[name]
  if (bit === undefined) throw new SpecError(`capabilities: expected a name such as CAP_CHOWN, got ${JSON.stringify(name)}`)
  return bit
}

/** What the words of `docker run` ask for. */
export interface CapabilityWish {
  readonly add?: readonly string[]
  readonly drop?: readonly string[]
  readonly privileged?: boolean
}

/**
 * --cap-add, --cap-drop and --privileged to one set. `ALL` stands for every one that the caller could give.
 * @param held the caller's own bounding set: nobody gives what he has not
 * @throws {SpecError} if a name is none, or cannot be given
 */
// region resolve
export function resolve({ add = [], drop = [], privileged = false }: CapabilityWish, held: readonly string[]): string[] {
  const [added, dropped] = [add.map(named), drop.map(named)]
  const lacking = added.filter((name) => name !== ALL && !held.includes(name))
  if (lacking.length > 0) throw new SpecError(`--cap-add: expected some of what pocker itself may have, got ${lacking.join(', ')}`)
  const all = privileged || added.includes(ALL)
  // `--cap-drop ALL --cap-add X` is X alone, in whichever order they stand.
  const base = all ? held : dropped.includes(ALL) ? [] : DEFAULT_CAPABILITIES.filter((name) => held.includes(name))
  const wanted = new Set([...base, ...added].filter((name) => name !== ALL && (added.includes(name) || !dropped.includes(name))))
  return Object.keys(CAP).filter((name) => wanted.has(name))
}
// endregion

const ALL = 'ALL'

/** With or without CAP_, in any case. */
function named(text: string): string {
  const upper = text.toUpperCase()
  if (upper === ALL) return ALL
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
  if (CAP[name] !== undefined) return name
  throw new SpecError(`capability: expected ALL or a name such as NET_ADMIN, got ${JSON.stringify(text)}`)
}

/** @param status the text of /proc/PID/status. @returns the names in its bounding set */
export function boundingSet(status: string): string[] {
  const mask = BigInt(`0x${/^CapBnd:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return Object.entries(CAP).filter(([, bit]) => (mask >> BigInt(bit)) & 1n).map(([name]) => name)
}
