// exercise: processes
// wrong: makes / private, but not the mounts below it
// score: 4
// says: a mount leaked to the machine
import {
  CLONE_NEWNS, CLONE_NEWPID, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, type Isolation,
} from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_PRIVATE, null),
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
