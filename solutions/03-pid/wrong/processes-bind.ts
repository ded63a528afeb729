// exercise: processes
// wrong: shows the /proc that is there once more, instead of a fresh one
// score: 5
// says: /proc is still the machine's
import { CLONE_NEWNS, CLONE_NEWPID, mount, MS_BIND, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('/proc', '/proc', null, MS_BIND, null),
    ],
  }
}
