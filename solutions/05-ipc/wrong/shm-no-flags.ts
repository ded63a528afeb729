// exercise: shm
// wrong: lets programs be executed from it
// score: 5
// says: this is missing: nosuid nodev noexec
import { CLONE_NEWNS, mount, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

/** @param bytes a number of whole MiB */
export function shm(at: string, bytes: number): Isolation {
  return {
    name: 'shm',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('shm', at, 'tmpfs', 0, `mode=1777,size=${bytes}`),
    ],
  }
}
