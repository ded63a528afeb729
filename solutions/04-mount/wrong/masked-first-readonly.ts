// exercise: masked
// wrong: takes MS_RDONLY for a flag of the file system, which is said once
// score: 5
// says: a directory was made in
import {
  because, CLONE_NEWNS, mayFail, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, type Isolation,
} from '@pocker/syscalls'

/** @param paths absolute ones, of directories */
export function masked(paths: readonly string[]): Isolation {
  const flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
  return {
    name: 'masked',
    flags: CLONE_NEWNS,
    child: [
      because('the machine goes on seeing them', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      ...paths.map((path, i) => mayFail(mount('tmpfs', path, 'tmpfs', i === 0 ? flags : flags & ~MS_RDONLY, null), 'ENOENT')),
    ],
  }
}
