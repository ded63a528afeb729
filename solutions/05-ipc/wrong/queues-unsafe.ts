// exercise: queues
// wrong: mounts without any flag
// score: 5
// says: expected nosuid nodev noexec, and this is missing: nosuid nodev noexec
import {
  CLONE_NEWIPC, CLONE_NEWNS, mount, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function queues(at: string): Isolation {
  return {
    name: 'queues',
    flags: CLONE_NEWIPC | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('mqueue', at, 'mqueue', 0, null),
    ],
  }
}
