// exercise: shm
// wrong: says nothing about its size: half of the memory is the default
// score: 4
// says: expected no more than
import { CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export function shm(at: string): Isolation {
  return {
    name: 'shm',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('shm', at, 'tmpfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, 'mode=1777'),
    ],
  }
}
