// exercise: masked
// wrong: does not know that a path may be absent
// score: 5
// says: ENOENT
import {
  because, CLONE_NEWNS, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, type Isolation,
} from '@pocker/syscalls'

/** @param paths absolute ones, of directories */
export function masked(paths: readonly string[]): Isolation {
  const flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
  return {
    name: 'masked',
    flags: CLONE_NEWNS,
    child: [
      because('the machine goes on seeing them', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      ...paths.map((path) => mount('tmpfs', path, 'tmpfs', flags, null)),
    ],
  }
}
