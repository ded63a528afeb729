// exercise: masked
// wrong: leaves the mounts shared
// score: 5
// says: is hidden from the machine, too
import {
  CLONE_NEWNS, mayFail, mount, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, type Isolation,
} from '@pocker/syscalls'

/** @param paths absolute ones, of directories */
export function masked(paths: readonly string[]): Isolation {
  const flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
  return {
    name: 'masked',
    flags: CLONE_NEWNS,
    child: paths.map((path) => mayFail(mount('tmpfs', path, 'tmpfs', flags, null), 'ENOENT')),
  }
}
