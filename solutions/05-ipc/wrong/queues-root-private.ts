// exercise: queues
// wrong: makes only the mount at / private
// score: 4
// says: the mount appeared on the machine as well
import {
  CLONE_NEWIPC, CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, type Isolation,
} from '@pocker/syscalls'

/** @param at an absolute path of a directory that is there */
export function queues(at: string): Isolation {
  return {
    name: 'queues',
    flags: CLONE_NEWIPC | CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_PRIVATE, null),
      mount('mqueue', at, 'mqueue', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
    ],
  }
}
