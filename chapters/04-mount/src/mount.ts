// A mount table of its own. CLONE_NEWNS copies the host's; the container's root is built in the copy, and the rest is let go.
//
//   mounts({ root: { path: '/srv/busybox' }, mounts: DEFAULT_MOUNTS })   → the isolation
//
// In this order: no mount made here reaches the host; the root becomes a mount; everything is attached within it, by
// descriptor; the root moves to /, and the host's mounts are detached. What is not mounted cannot be climbed to.
// The descriptor named `root` can be used by the steps of later chapters, to attach more within the root.
// Invariant: after pivot_root and umount2 no path, and no descriptor that survives execve, leads to the host's files.
import {
  because, chdir, chroot, CLONE_NEWNS, fchdir, MNT_DETACH, mount, MOUNT_ATTR_RDONLY, MS_BIND, MS_MOVE, MS_PRIVATE, MS_REC,
  MS_SHARED, MS_SLAVE, O_CLOEXEC, O_PATH, open, pivot_root, setMountAttributes, SpecError, umask, umount2, type Isolation,
  type Syscall,
} from '@pocker/syscalls'
import { attach, bind, filesystem, partsOf, target, type Kind } from './attach.ts'
import { boundDevices, devices, places } from './dev.ts'
import { masked, MASKED, readonly, READ_ONLY } from './hide.ts'
import { parseOptions, parsePropagation } from './options.ts'

/** @see OCI runtime spec, config.md, Mounts */
export interface Mount {
  readonly destination: string
  readonly type?: string
  readonly source?: string
  readonly options?: readonly string[]
  /** Whether a bind mount's source is a file: its place is made as one. A directory if it is not said. */
  readonly file?: boolean
  /** The name of a descriptor, if the mount has been made already, and is attached nowhere yet. */
  readonly made?: string
}

/** The slice of the OCI runtime spec that this chapter reads. */
export interface MountSpec {
  readonly root: {
    readonly path: string
    readonly readonly?: boolean
    /** What mounts it there, if it is no directory that is there already. */
    readonly made?: readonly Syscall[]
  }
  readonly mounts?: readonly Mount[]
  /** What of the host's later mounts reaches the container: private if it is not said. */
  readonly rootfsPropagation?: string
  /** How the devices come into /dev: a user namespace may not make any, and has the host's `bound` there. `made` otherwise. */
  readonly devices?: 'made' | 'bound'
  readonly maskedPaths?: readonly string[]
  readonly readonlyPaths?: readonly string[]
  /** Further steps while the root is known as the descriptor `root`, and the host's files are still in sight. */
  readonly within?: readonly Syscall[]
  /** Whether a place may be there twice: the later mount covers the earlier. Otherwise that is taken for a mistake. */
  readonly stacked?: boolean
  /**
   * `move` for a root that the kernel cannot pivot from, such as an initramfs; `left` if whoever comes behind changes it.
   * `pivot` if it is not said.
   */
  readonly change?: keyof typeof CHANGES
}

/** What every container gets. @see Docker's default spec */
export const DEFAULT_MOUNTS: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
  {
    destination: '/dev/pts', type: 'devpts', source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
]

/** @throws {SpecError} naming the mount at fault */
// region mounts
export function mounts(spec: MountSpec): Isolation {
  const { root, mounts: list = DEFAULT_MOUNTS, maskedPaths = MASKED, readonlyPaths = READ_ONLY, within = [] } = spec
  if (!root.path) throw new SpecError('root.path: expected the path of a directory, got ""')
  if (!spec.stacked) refuseDuplicates(list)
  const held = list.map(({ destination, made }, i) => ({ at: placeOf(destination), as: made ?? `mount ${i}` }))
  return {
    name: 'mount',
    flags: CLONE_NEWNS,
    child: [
      ...rootMount(root, spec.rootfsPropagation),
      because('modes as they are written', umask(0)),
      ...list.flatMap(copied),
      ...list.flatMap((entry, i) => mountSteps(entry, i, spec.devices)),
      ...masked(maskedPaths, held),
      ...readonly(readonlyPaths, held),
      ...within,
      ...(root.readonly ? [readonlyRoot()] : []),
      ...CHANGES[spec.change ?? 'pivot'](),
      umask(0o022),
    ],
  }
}
// endregion

// region rootMount
function rootMount({ path, made = [] }: MountSpec['root'], propagation = 'rprivate'): Syscall[] {
  const wanted = parsePropagation('rootfsPropagation', propagation)
  // pivot_root wants no shared mount around it, so "shared" begins as a slave, and is shared again among the container's own.
  const around = wanted === MS_SHARED || wanted === MS_SLAVE ? MS_SLAVE : MS_PRIVATE
  return [
    because('mounts made here stay here', mount(null, '/', null, MS_REC | around, null)),
    ...made,
    because('the root has to be a mount', mount(path, path, null, MS_BIND | MS_REC, null)),
    because('and private, for pivot_root', mount(null, path, null, MS_PRIVATE, null)),
    { ...because('held by a descriptor from here on', open(path, O_PATH | O_CLOEXEC)), as: 'root' },
  ]
}
// endregion

// region pivot
function pivot(): Syscall[] {
  return [
    fchdir({ resultOf: 'root' }),
    because('the root moves here, the host\'s root above it', pivot_root('.', '.')),
    because('and the host\'s mounts are let go, all of them', umount2('.', MNT_DETACH)),
    chdir('/'),
  ]
}
// endregion

/** The root's mount is put over the host's, which stays below it: no path leads there. @see mount(2), MS_MOVE */
function move(): Syscall[] {
  return [
    fchdir({ resultOf: 'root' }),
    because('over the host\'s root', mount('.', '/', null, MS_MOVE, null)),
    chroot('.'), chdir('/'),
  ]
}

const CHANGES = { pivot, move, left: (): Syscall[] => [] } as const

/** Only the root's own mount: those below it have their own say. */
const readonlyRoot = (): Syscall =>
  because('the root itself, read-only', setMountAttributes({ resultOf: 'root' }, { set: MOUNT_ATTR_RDONLY }, false))

const isBind = ({ type, options = [] }: Mount): boolean => type === 'bind' || parseOptions(options).bind

/**
 * What is bound. All copies come before the first mount is attached: a source may be a directory that the root lies in, and
 * the copy would have the root's /proc in it a second time, with nothing masked.
 */
function copied(entry: Mount, index: number): Syscall[] {
  const { source = '', options = [], made } = entry
  if (!isBind(entry)) return []
  if (!source.startsWith('/')) {
    throw new SpecError(`mounts[${index}].source: expected an absolute path to bind, got ${JSON.stringify(source)}`)
  }
  return made ? [] : bind(`mount ${index}`, source, parseOptions(options))
}

/** What is needed for one entry: a mount, unless it is there, its place, and the two put together. */
function mountSteps(entry: Mount, index: number, how: MountSpec['devices']): Syscall[] {
  const { destination, type = 'none', source = '', options = [], file = false, made } = entry
  const bound = isBind(entry)
  const [copy, place] = [made ?? `mount ${index}`, `place ${index}`]
  const kind: Kind = bound && file ? 'file' : 'directory'
  const isDev = placeOf(destination) === '/dev' && type === 'tmpfs'
  return [
    ...(made || bound ? [] : filesystem(copy, type, source, parseOptions(options))),
    ...(isDev ? [...(how === 'bound' ? [] : devices(copy)), ...places(copy)] : []),
    ...target(place, destination, kind),
    because(bound ? `the ${kind} ${source} at ${destination}, which must be a ${kind} too` : `${type} at ${destination}`,
      attach(copy, place)),
    ...(isDev && how === 'bound' ? boundDevices() : []),
  ]
}

const placeOf = (destination: string): string => `/${partsOf('mount.destination', destination).join('/')}`

function refuseDuplicates(list: readonly Mount[]): void {
  const seen = new Set<string>()
  for (const { destination } of list) {
    const path = placeOf(destination)
    if (seen.has(path)) throw new SpecError(`mount.destination: expected each place once, got ${destination} twice`)
    seen.add(path)
  }
}
