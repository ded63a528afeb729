// What a user namespace may not mount or make, it borrows from the host.
//
//   mounts({ root, ...borrow(DEFAULT_MOUNTS, { pid: true, net: false, ipc: true }) })   → /sys is a copy of the host's
//
// A file system that shows a namespace (proc its processes, sysfs its network devices, mqueue its queues) can be mounted only
// by the user namespace that owns that namespace. Where the container uses the host's, it gets a copy of the host's mount.
// Invariant: a borrowed mount can do no more than the host's own could. What the host does not have is left out, and so is
// what shows the namespace of another container: a copy of the host's would show the host.
import { existsSync } from 'node:fs'
import { below, type Mount, type MountSpec } from '@pocker/mount'

/** Which namespaces are the container's own. Those that are not are the host's, or another container's. */
export type Own = Readonly<Record<'pid' | 'net' | 'ipc', boolean | 'other'>>

/** File systems by the namespace that they show. @see user_namespaces(7), "Restrictions on mount namespaces" */
const SHOWS: Readonly<Record<string, keyof Own>> = { proc: 'pid', sysfs: 'net', mqueue: 'ipc' }

// region borrow
export function borrow(list: readonly Mount[], own: Own, has = existsSync): Pick<MountSpec, 'mounts' | 'devices'> {
  const mounts = list.flatMap((mount) => {
    const shown = SHOWS[mount.type ?? '']
    if (shown === undefined || own[shown] === true) return [mount]
    if (own[shown] === 'other' || !has(mount.destination)) return [] // /dev/mqueue is not mounted everywhere
    return [{ ...mount, type: 'bind', source: mount.destination, options: ['rbind', ...(mount.options ?? []).map(below)] }]
  })
  return { mounts, devices: 'bound' }
}
// endregion
