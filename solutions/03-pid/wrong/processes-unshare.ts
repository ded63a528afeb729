// exercise: processes
// wrong: calls unshare in the child, which moves only its children
// score: 4
// says: CLONE_NEWPID is missing
import {
  CLONE_NEWNS, CLONE_NEWPID, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, unshare, type Isolation,
} from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWNS,
    child: [
      unshare(CLONE_NEWPID),
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
