// exercise: processes
// wrong: trusts that the copy of the list is not linked to the original
// score: 4
// says: a mount leaked to the machine
import { CLONE_NEWNS, CLONE_NEWPID, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, type Isolation } from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
