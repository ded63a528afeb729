// exercise: queues
// wrong: trusts the new mount table alone
// score: 4
// says: the mount appeared on the machine as well
import {
  CLONE_NEWIPC, CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, type Isolation,
} from '@pocker/syscalls'

export function queues(at: string): Isolation {
  return {
    name: 'queues',
    flags: CLONE_NEWIPC | CLONE_NEWNS,
    child: [
      mount('mqueue', at, 'mqueue', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
