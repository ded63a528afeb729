// exercise: masked
// wrong: makes them read-only, and hides nothing
// score: 4
// says: the container still sees what is in one of the directories
import {
  because, CLONE_NEWNS, mayFail, mount, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, type Isolation,
} from '@pocker/syscalls'

/** @param paths absolute ones, of directories */
export function masked(paths: readonly string[]): Isolation {
  return {
    name: 'masked',
    flags: CLONE_NEWNS,
    child: [
      because('the machine goes on seeing them', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      ...paths.flatMap((path) => [
        mayFail(mount(`${path}/.`, path, null, MS_BIND, null), 'ENOENT'),
        mayFail(mount(null, path, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null), 'ENOENT'),
      ]),
    ],
  }
}
