// exercise: processes
// wrong: mounts in the machine's own list
// score: 4
// says: CLONE_NEWNS is missing: what is mounted is mounted for the whole machine
import {
  CLONE_NEWPID, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
