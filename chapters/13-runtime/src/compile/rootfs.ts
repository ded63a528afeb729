// The container's files: its root, what is mounted in it, its devices; then the hooks, and the root changes.
//
//   rootfs(spec, place)   → the isolation of chapter 04, with what a config can say beyond it
//
// Invariant: everything is attached by descriptor, within the root.
import { bind, DEVICES, mounts, parseOptions, propagationOf, target, type Mount } from '@pocker/mount'
import {
  because, chdir, chroot, mayFail, mount, moveMount, MS_REC, MS_SHARED, MS_UNBINDABLE, S_IFBLK, S_IFCHR, S_IFIFO, SpecError,
  umask, type Isolation, type Syscall,
} from '@pocker/syscalls'
import { resolve } from 'node:path'
import { chown } from '../calls.ts'
import { gate } from '../monitor/monitor.ts'
import type { DeviceSpec, Spec } from '../spec/schema.ts'
import { cgroupMounts } from './cgroup-mounts.ts'
import type { Place } from './compile.ts'
import { own, shared } from './namespaces.ts'
import { terminalMade } from './terminal.ts'

// region rootfs
export function rootfs(spec: Spec, place: Place): Isolation {
  const { mounts: list = [], linux = {}, root } = spec
  if (!own(spec, 'mount')) return withoutMounts(spec, place)
  const marked = (paths: readonly string[] = []): string[] =>
    paths.map((path) =>
      place.look(path, /^\/(proc|sys)\//.test(path) ? 'host' : 'rootfs')?.directory && !path.endsWith('/') ? `${path}/` : path,
    )
  const entries = list.map((entry, i) => mountOf(entry, i, place))
  const { mounts: all, behind } = cgroupMounts(entries, spec, place)
  const made = mounts({
    root: { path: place.rootfs, readonly: root.readonly ?? false },
    mounts: all,
    stacked: true,
    // As runc has it: otherwise no mount in it could follow the host's, whatever its options say.
    rootfsPropagation: linux.rootfsPropagation ?? 'rslave',
    devices: shared(spec, 'user') ? 'made' : 'bound',
    maskedPaths: marked(linux.maskedPaths),
    readonlyPaths: linux.readonlyPaths ?? [],
    within: [
      ...behind,
      umask(0),
      ...devicesOf(spec, all).flatMap((device) => deviceSteps(device, shared(spec, 'user'))),
      ...terminalMade(spec, { console: true }),
      ...(place.waits.hooks ? gate("hooks of the host's, while its files are still in sight") : []),
    ],
    ...(place.change && { change: place.change }),
  })
  return { ...made, child: [...(made.child ?? []), ...propagated(linux.rootfsPropagation)] }
}
// endregion

/** The root was private, for pivot_root wants it so. A slave of the host's root it cannot be again, only not shared. */
function propagated(word: string | undefined): Syscall[] {
  const how = word === undefined ? 0 : propagationOf(word)
  if (how !== MS_SHARED && how !== MS_UNBINDABLE) return []
  const all = word?.startsWith('r') ? MS_REC : 0
  return [because(`${word}, as it is to be`, mount(null, '/', null, all | how, null))]
}

/** Without a mount namespace nothing can be mounted, and the root is changed for this process alone; see chapter 01. */
function withoutMounts(spec: Spec, { rootfs: path, waits }: Place): Isolation {
  const asked = (['maskedPaths', 'readonlyPaths'] as const).find((name) => spec.linux?.[name]?.length)
  if (shared(spec, 'mount') && (spec.mounts?.length || asked)) {
    throw new SpecError(
      `${asked ? `linux.${asked}` : 'mounts'}: expected a mount namespace to have them in, got none in linux.namespaces`,
    )
  }
  const hooks = waits.hooks ? gate("hooks of the host's") : []
  return { name: 'mount', child: [...hooks, ...(shared(spec, 'mount') ? [chroot(path), chdir('/')] : [])] }
}

function mountOf(entry: NonNullable<Spec['mounts']>[number], index: number, { bundle, look, copies = [] }: Place): Mount {
  const { destination, type, source, options = [], uidMappings } = entry
  if (uidMappings?.length)
    throw new SpecError(`mounts[${index}].uidMappings: expected none, as mounts with maps of their own are not made here`)
  const parsed = parseOptions(options)
  const isBind = parsed.bind || type === 'bind'
  // The old way to say it: a type of none, and the options decide.
  const kind = isBind ? 'bind' : type
  const file = isBind && source !== undefined && look(source, 'host')?.directory === false
  const made = copies.includes(`copy of ${destination}`) && { made: `copy of ${destination}` }
  // A tmpfs takes the permissions of the directory that it covers.
  const mode =
    type === 'tmpfs' && !options.some((word) => word.startsWith('mode=')) ? look(destination, 'rootfs')?.mode : undefined
  const words = [
    ...options.filter((word) => !WITHOUT_EFFECT.has(word) && (isBind || word !== 'tmpcopyup')),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
  ]
  return {
    destination,
    options: words,
    ...(kind !== undefined && { type: kind }),
    ...(source !== undefined && { source: isBind ? resolve(bundle, source) : source }),
    ...(file && { file }),
    ...made,
  }
}

/** Words of mount(8) for what is so anyway, or is no longer in the kernel; it would refuse them. */
const WITHOUT_EFFECT = new Set(['loud', 'silent', 'iversion', 'noiversion', 'norelatime', 'nostrictatime'])

const MODE = 0o666
const TYPES = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO } as const

/** Those that every container gets, unless somebody mounted a /dev of his own; then those of the config. */
function devicesOf({ linux }: Spec, list: readonly Mount[]): DeviceSpec[] {
  const dev = list.find(({ destination }) => /^\/dev\/?$/.test(destination))
  const defaults = dev
    ? []
    : Object.entries(DEVICES).map(([name, [major, minor]]): DeviceSpec => ({
        type: 'c',
        path: `/dev/${name}`,
        major,
        minor,
        fileMode: MODE,
      }))
  const there = new Set(dev ? Object.keys(DEVICES).map((name) => `/dev/${name}`) : [])
  return [...defaults, ...(linux?.devices ?? []).filter(({ path }) => !there.has(path))]
}

function deviceSteps({ type, path, major = 0, minor = 0, fileMode = MODE, uid, gid }: DeviceSpec, mayMake: boolean): Syscall[] {
  const [parent, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)]
  if (!mayMake) {
    return [
      ...bind(`device ${path}`, path, parseOptions(['bind'])),
      ...target(`place ${path}`, path, 'file'),
      because(`the host's ${path}`, moveMount({ resultOf: `device ${path}` }, { resultOf: `place ${path}` })),
    ]
  }
  const dir = { resultOf: parent ? `dir of ${path}` : 'root' }
  const number =
    (BigInt(major & 0xfff) << 8n) | BigInt(minor & 0xff) | (BigInt(minor & ~0xff) << 12n) | (BigInt(major & ~0xfff) << 32n)
  return [
    ...(parent ? target(dir.resultOf, parent, 'directory') : []),
    mayFail(because(path, { call: 'mknodat', args: [dir, name, TYPES[type] | (fileMode & 0o7777), number] }), 'EEXIST'),
    ...(uid || gid ? [chown(dir, name, uid ?? 0, gid ?? 0, 0x100)] : []),
  ]
}
