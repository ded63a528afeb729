// A root of its own, with no way back.
import {
  chdir, CLONE_NEWNS, MNT_DETACH, mount, MS_BIND, MS_PRIVATE, MS_REC, pivot_root, umount2, type Isolation,
} from '@pocker/syscalls'

/** @param root the path of a directory, which is no mount */
export function pivot(root: string): Isolation {
  // step: a mount table of its own: a copy of the machine's
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      // step: the copy is still connected: what is mounted here would appear in the machine. Private first
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      // step: pivot_root wants a mount; a directory becomes one by being bound to itself
      //   MS_REC takes along what is mounted below it
      mount(root, root, null, MS_BIND | MS_REC, null),
      // step: the new root goes below the old one, at the same place: no directory for it is needed
      chdir(root),
      pivot_root('.', '.'),
      // step: the old root lies on top; let go of it, and of all that is mounted in it
      umount2('.', MNT_DETACH),
      // step: a program begins at the root. We are there already: chdir(root) went to the mount, and that is / now
      chdir('/'),
    ],
  }
}
