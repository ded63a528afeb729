// exercise: queues
// wrong: forgets the IPC namespace
// score: 4
// says: CLONE_NEWIPC is missing: these are the queues of the machine
import {
  CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

export function queues(at: string): Isolation {
  return {
    name: 'queues',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('mqueue', at, 'mqueue', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
