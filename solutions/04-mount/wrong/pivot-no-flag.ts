// exercise: pivot
// wrong: forgets the flag
// score: 5
// says: CLONE_NEWNS is missing: the machine would have lost its root
import {
  chdir, MNT_DETACH, mount, MS_BIND, MS_PRIVATE, MS_REC, pivot_root, umount2, type Isolation,
} from '@pocker/syscalls'

export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
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
