// /proc for a PID namespace. The one that a root file system brings is empty, the host's shows the host's processes.
//
//   proc()   → a mount namespace, and in it a fresh /proc
//
// Invariant: the mount is made in a namespace of the container's own, so it is gone with the container, and the machine
// never sees it. It comes after the root: the path is the container's.
import {
  because, CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

/** Two parts, because the second must come after the root has changed, and the first before. */
export interface Proc { readonly privately: Isolation; readonly mounted: Isolation }

/** @see proc(5), mount_namespaces(7) */
// region proc
export function proc(): Proc {
  return {
    privately: {
      name: 'proc', flags: CLONE_NEWNS,
      child: [because('mounts made here stay here', mount(null, '/', null, MS_REC | MS_PRIVATE, null))],
    },
    mounted: {
      name: 'proc',
      child: [because('the processes of this namespace', mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null))],
    },
  }
}
// endregion
