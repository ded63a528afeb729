// exercise: processes
// wrong: forgets the PID namespace
// score: 4
// says: CLONE_NEWPID is missing
import {
  CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
