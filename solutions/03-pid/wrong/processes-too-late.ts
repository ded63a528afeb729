// exercise: processes
// wrong: makes the mounts private after one was made
// score: 4
// says: a mount leaked to the machine
import {
  CLONE_NEWNS, CLONE_NEWPID, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
    ],
  }
}
