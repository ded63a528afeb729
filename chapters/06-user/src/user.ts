// Users and groups of its own. CLONE_NEWUSER gives a process all capabilities, over what belongs to the namespace only.
//
//   user({ uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }], gidMappings: […], writtenBy: 'owner' })   → the isolation
//
// A number inside means a number outside, as the maps say; without a map, every file belongs to nobody (65534). The maps are
// written from outside, once, while the child waits.
// Invariant: comes first of all isolations. The other namespaces of the same clone belong to the new user namespace; and
// becoming root within it takes back what later steps set, such as the signal at the parent's death.
import {
  because, CLONE_NEWUSER, noGroups, setresgid, setresuid, SpecError, type Beside, type Isolation,
} from '@pocker/syscalls'

/** `size` ids from `containerID` on, inside, are those from `hostID` on, outside. @see OCI runtime spec, config-linux.md */
export interface IdMapping { readonly containerID: number; readonly hostID: number; readonly size: number }

/**
 * Who writes the maps. `root` may write any. `owner`, an ordinary user, may map his own id to one inside, if he gives up
 * setgroups for it. `newuidmap` is a setuid program, which gives him the ids that /etc/subuid says are his.
 * @see user_namespaces(7), newuidmap(1), subuid(5)
 */
export type Writer = 'root' | 'owner' | 'newuidmap'

export interface UserSpec {
  readonly uidMappings: readonly IdMapping[]
  readonly gidMappings: readonly IdMapping[]
  readonly writtenBy: Writer
}

/** @throws {SpecError} naming the map at fault */
// region user
export function user(spec: UserSpec): Isolation {
  const { uidMappings, gidMappings, writtenBy } = spec
  checkMap('uidMappings', uidMappings)
  checkMap('gidMappings', gidMappings)
  return {
    name: 'user',
    flags: CLONE_NEWUSER,
    beside: maps(spec),
    child: [
      ...(writtenBy === 'owner' ? [] : [because('the caller\'s groups mean nothing here', noGroups())]),
      because('root of this namespace: the map is written', setresgid(0)),
      setresuid(0),
    ],
  }
}
// endregion

// region maps
const lines = (map: readonly IdMapping[]): string => map.map((range) => `${numbers(range).join(' ')}\n`).join('')

function maps({ uidMappings, gidMappings, writtenBy }: UserSpec): Beside[] {
  if (writtenBy === 'newuidmap') {
    return [
      { run: ['newuidmap', '{pid}', ...uidMappings.flatMap(numbers)] },
      { run: ['newgidmap', '{pid}', ...gidMappings.flatMap(numbers)] },
    ]
  }
  return [
    // Whoever may leave a group may read what is closed to that group; so it takes a right that only root can give.
    ...(writtenBy === 'owner' ? [{ path: '/proc/{pid}/setgroups', data: 'deny' }] : []),
    { path: '/proc/{pid}/uid_map', data: lines(uidMappings) },
    { path: '/proc/{pid}/gid_map', data: lines(gidMappings) },
  ]
}
// endregion

const numbers = ({ containerID, hostID, size }: IdMapping): string[] => [containerID, hostID, size].map(String)

/** The kernel's limits: so many lines, in one write of less than a page. @see user_namespaces(7) */
const RANGES_MAX = 340
const PAGE = 4096
/** Ids are 32 bits, and the highest stands for none. */
export const IDS = 2 ** 32 - 1

/** @throws {SpecError} in words; the kernel would only say EINVAL */
export function checkMap(what: string, map: readonly IdMapping[]): void {
  const refuse = (expected: string, got: string): never => {
    throw new SpecError(`${what}: expected ${expected}, got ${got}`)
  }
  if (map.length === 0 || map.length > RANGES_MAX) refuse(`1 to ${RANGES_MAX} ranges`, String(map.length))
  const { length } = lines(map)
  if (length >= PAGE) refuse(`less than ${PAGE} bytes of ranges`, `${length} with ${map.length} of them`)
  for (const { containerID, hostID, size } of map) {
    const text = `${containerID}:${hostID}:${size}`
    const whole = [containerID, hostID, size].every((id) => Number.isSafeInteger(id) && id >= 0)
    if (!whole || size < 1) refuse('whole numbers, and a size above 0', text)
    if (containerID + size > IDS || hostID + size > IDS) refuse(`ids below ${IDS}`, text)
  }
  if (!map.some(({ containerID }) => containerID === 0)) refuse('a range that begins with 0, root of the container', 'none')
  for (const side of ['containerID', 'hostID'] as const) {
    const sorted = map.toSorted((a, b) => a[side] - b[side])
    sorted.slice(1).forEach((range, i) => {
      const before = sorted[i] as IdMapping
      if (before[side] + before.size > range[side]) {
        refuse('ranges that do not overlap', [before, range].map((one) => numbers(one).join(':')).join(' and '))
      }
    })
  }
}
