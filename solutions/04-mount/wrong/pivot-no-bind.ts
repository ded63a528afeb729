// exercise: pivot
// wrong: takes a directory for a mount
// score: 0
// says: a step failed: pivot_root
import {
  chdir, CLONE_NEWNS, MNT_DETACH, mount, MS_PRIVATE, MS_REC, pivot_root, umount2, type Isolation,
} from '@pocker/syscalls'

export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      chdir(root),
      pivot_root('.', '.'),
      umount2('.', MNT_DETACH),
      chdir('/'),
    ],
  }
}
