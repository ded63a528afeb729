// A root of its own, with no way back.
import {
  chdir, CLONE_NEWNS, MNT_DETACH, mount, MS_BIND, MS_PRIVATE, MS_REC, pivot_root, umount2, type Isolation,
} from '@pocker/syscalls'

/** @param root the path of a directory, which is no mount */
export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(root, root, null, MS_BIND | MS_REC, null),
      chdir(root),
      pivot_root('.', '.'),
      umount2('.', MNT_DETACH),
      chdir('/'),
    ],
  }
}
