// exercise: pivot
// wrong: binds before it makes the mounts private
// score: 5
// says: a mount went out to the machine
import {
  chdir, CLONE_NEWNS, MNT_DETACH, mount, MS_BIND, MS_PRIVATE, MS_REC, pivot_root, umount2, type Isolation,
} from '@pocker/syscalls'

export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      mount(root, root, null, MS_BIND | MS_REC, null),
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      chdir(root),
      pivot_root('.', '.'),
      umount2('.', MNT_DETACH),
      chdir('/'),
    ],
  }
}
