// exercise: masked
// wrong: puts something empty on top, which can be filled
// score: 5
// says: a directory was made in
import {
  because, CLONE_NEWNS, mayFail, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, type Isolation,
} from '@pocker/syscalls'

/** @param paths absolute ones, of directories */
export function masked(paths: readonly string[]): Isolation {
  const flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
  return {
    name: 'masked',
    flags: CLONE_NEWNS,
    child: [
      because('the machine goes on seeing them', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      ...paths.map((path) => mayFail(mount('tmpfs', path, 'tmpfs', flags, null), 'ENOENT')),
    ],
  }
}
