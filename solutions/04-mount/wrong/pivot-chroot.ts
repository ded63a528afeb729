// exercise: pivot
// wrong: changes the root of the process, not of the table
// score: 4
// says: a process climbed out of the root
import { chdir, chroot, CLONE_NEWNS, mount, MS_BIND, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(root, root, null, MS_BIND | MS_REC, null),
      chroot(root),
      chdir('/'),
    ],
  }
}
