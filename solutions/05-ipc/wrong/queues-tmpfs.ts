// exercise: queues
// wrong: mounts an empty tmpfs
// score: 4
// says: expected a mount of the type mqueue at /home, got tmpfs
import {
  CLONE_NEWIPC, CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function queues(at: string): Isolation {
  return {
    name: 'queues',
    flags: CLONE_NEWIPC | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('mqueue', at, 'tmpfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
