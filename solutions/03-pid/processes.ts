// A container with process numbers of its own, and a /proc that shows them.
import {
  because, CLONE_NEWNS, CLONE_NEWPID, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function processes(): Isolation {
  return {
    name: 'processes',
    flags: CLONE_NEWPID | CLONE_NEWNS,
    child: [
      because('mounts made here stay here', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
