// exercise: pivot
// wrong: binds the directory without what is mounted below it
// score: 5
// says: did not come along
import {
  chdir, CLONE_NEWNS, MNT_DETACH, mount, MS_BIND, MS_PRIVATE, MS_REC, pivot_root, umount2, type Isolation,
} from '@pocker/syscalls'

export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(root, root, null, MS_BIND, null),
      chdir(root),
      pivot_root('.', '.'),
      umount2('.', MNT_DETACH),
      chdir('/'),
    ],
  }
}
