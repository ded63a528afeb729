// exercise: masked
// wrong: hides the first one only
// score: 3
// says: the container still sees what is in one of the directories
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
      ...paths.slice(0, 1).map((path) => mayFail(mount('tmpfs', path, 'tmpfs', flags, null), 'ENOENT')),
    ],
  }
}
