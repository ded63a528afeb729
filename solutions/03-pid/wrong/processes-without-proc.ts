// exercise: processes
// wrong: mounts nothing
// score: 4
// says: /proc is still the machine's
import { CLONE_NEWNS, CLONE_NEWPID, mount, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
    ],
  }
}
