// The schema of `linux`: namespaces, devices, cgroups, and what is hidden from the container.
//
//   linux: { namespaces: [{ type: 'pid' }, { type: 'network', path: '/run/netns/blue' }], maskedPaths: ['/proc/kcore'] }
//
// Invariant: only the form of each field; what one demands of another is in rules.ts.
// @see OCI runtime spec, config-linux.md
import * as v from 'valibot'
import { resourcesSchema } from './resources.ts'
import { absolute, idMappings, integer, list, object, oneOf, record, text, texts, u32, whole } from './values.ts'

export const NAMESPACES = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const

const PROPAGATIONS = [
  'private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable', 'runbindable',
] as const

const device = object({ type: oneOf(['c', 'b', 'u', 'p']), path: absolute }, {
  major: whole(0, 2 ** 32 - 1), minor: whole(0, 2 ** 32 - 1), fileMode: u32, uid: u32, gid: u32,
})

/** Both parts in each; what is missing is 0. */
const offset = object({ secs: v.optional(integer, 0), nanosecs: v.optional(u32, 0) }, {})

export const linuxSchema = object({}, {
  namespaces: list(object({ type: oneOf(NAMESPACES) }, { path: absolute })),
  uidMappings: idMappings,
  gidMappings: idMappings,
  timeOffsets: record(offset, oneOf(['boottime', 'monotonic'])),
  devices: list(device),
  cgroupsPath: text,
  resources: resourcesSchema,
  sysctl: record(text),
  /** Read by parseSeccomp. */
  seccomp: v.unknown(),
  rootfsPropagation: oneOf(PROPAGATIONS),
  maskedPaths: list(absolute),
  readonlyPaths: list(absolute),
  mountLabel: text,
  intelRdt: record(v.unknown()),
  personality: object({ domain: oneOf(['LINUX', 'LINUX32']) }, { flags: texts }),
  netDevices: record(object({}, { name: text })),
})
