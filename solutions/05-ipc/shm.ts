// Shared memory that has a name: /dev/shm.
import { CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

/** @param bytes a number of whole MiB */
export function shm(at: string, bytes: number): Isolation {
  return {
    name: 'shm',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('shm', at, 'tmpfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, `mode=1777,size=${bytes}`),
    ],
  }
}
