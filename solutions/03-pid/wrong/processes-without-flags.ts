// exercise: processes
// wrong: mounts /proc with all rights
// score: 5
// says: /proc is mounted without nosuid, nodev, noexec
import { CLONE_NEWNS, CLONE_NEWPID, mount, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('proc', '/proc', 'proc', 0, null),
    ],
  }
}
