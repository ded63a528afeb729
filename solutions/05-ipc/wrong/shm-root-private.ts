// exercise: shm
// wrong: makes only the mount at / private
// score: 4
// says: the mount appeared on the machine as well
import { CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, type Isolation } from '@pocker/syscalls'

/** @param bytes a number of whole MiB */
export function shm(at: string, bytes: number): Isolation {
  return {
    name: 'shm',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_PRIVATE, null),
      mount('shm', at, 'tmpfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, `mode=1777,size=${bytes}`),
    ],
  }
}
