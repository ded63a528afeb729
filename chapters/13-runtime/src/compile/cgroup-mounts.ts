// A mount of type `cgroup`: the one tree of version 2, or a directory with a hierarchy for each controller of version 1.
//
//   cgroupMounts(mounts, spec, place)   → the list with that entry spelled out, and steps that come behind it
//
// Invariant: a container sees its own group as the root, if it has a cgroup namespace; otherwise no more than its own group.
import { join } from 'node:path'
import type { Tree } from '@pocker/cgroup'
import type { Mount } from '@pocker/mount'
import { because, MOUNT_ATTR_RDONLY, openInRoot, setMountAttributes, type Syscall } from '@pocker/syscalls'
import type { Spec } from '../spec/schema.ts'
import type { Place } from './compile.ts'
import { own } from './namespaces.ts'

const SAFE = ['nosuid', 'noexec', 'nodev', 'relatime']

export interface CgroupMounts {
  readonly mounts: readonly Mount[]
  readonly behind: readonly Syscall[]
}

// region cgroupMounts
export function cgroupMounts(list: readonly Mount[], spec: Spec, { group }: Place): CgroupMounts {
  const index = list.findIndex(({ type }) => type === 'cgroup')
  const entry = list[index]
  if (!entry) return { mounts: list, behind: [] }
  const readonly = entry.options?.includes('ro') ? ['ro'] : []
  const made = group ? hierarchies(group.tree, own(spec, 'cgroup') ? undefined : group.path) : []
  const places = made.map(({ name, ...mount }): Mount => ({
    ...mount,
    destination: join(entry.destination, name),
    options: [...SAFE, ...readonly, ...(mount.options ?? [])],
  }))
  const [only] = places
  const isOne = only?.destination === join(entry.destination)
  const holder: Mount = {
    destination: entry.destination,
    type: 'tmpfs',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'mode=755'],
  }
  return {
    mounts: [...list.slice(0, index), ...(isOne ? [] : [holder]), ...places, ...list.slice(index + 1)],
    behind: !isOne && readonly.length > 0 ? sealed(entry.destination) : [],
  }
}
// endregion

/** What is mounted, by its name below the place; the empty name is the place itself. */
function hierarchies({ unified, v1 }: Tree, path: string | undefined): (Omit<Mount, 'destination'> & { name: string })[] {
  const old = new Map<string, string[]>()
  for (const [controller, root] of Object.entries(v1)) old.set(root, [...(old.get(root) ?? []), controller])
  const bound = (root: string): Omit<Mount, 'destination'> => ({
    type: 'bind',
    source: join(root, path ?? ''),
    options: ['bind'],
  })
  const two: Omit<Mount, 'destination'> | undefined =
    unified === undefined ? undefined : path === undefined ? { type: 'cgroup2', source: 'cgroup2' } : bound(unified)
  if (old.size === 0) return two ? [{ name: '', ...two }] : []
  return [
    ...Array.from(old, ([root, names]) => ({
      name: root.slice(root.lastIndexOf('/') + 1),
      ...(path === undefined ? { type: 'cgroup', source: 'cgroup', options: names } : bound(root)),
    })),
    ...(two ? [{ name: 'unified', ...two }] : []),
  ]
}

/** The directory that holds them, read-only once they are in it. */
const sealed = (destination: string): Syscall[] => [
  { ...openInRoot({ resultOf: 'root' }, destination), as: 'cgroup holder' },
  because('nothing is added to it', setMountAttributes({ resultOf: 'cgroup holder' }, { set: MOUNT_ATTR_RDONLY }, false)),
]
