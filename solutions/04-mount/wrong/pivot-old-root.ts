// exercise: pivot
// wrong: leaves the old root in the table
// score: 4
// says: mounts of the machine are left in the table
import {
  chdir, CLONE_NEWNS, mkdir, mount, MS_BIND, MS_PRIVATE, MS_REC, pivot_root, type Isolation,
} from '@pocker/syscalls'

export function pivot(root: string): Isolation {
  return {
    name: 'pivot',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(root, root, null, MS_BIND | MS_REC, null),
      mkdir(`${root}/old`, 0o700),
      pivot_root(root, `${root}/old`),
      chdir('/'),
    ],
  }
}
