// exercise: queues
// wrong: always mounts at the same place
// score: 5
// says: expected a mount of the type mqueue at /root, got nothing
import {
  CLONE_NEWIPC, CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function queues(_at: string): Isolation {
  return {
    name: 'queues',
    flags: CLONE_NEWIPC | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('mqueue', '/home', 'mqueue', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
