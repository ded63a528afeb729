// exercise: grouped
// wrong: enters the first hierarchy only
// score: 3
// says: of every hierarchy, got
import { CLONE_NEWCGROUP, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

export function grouped(directories: readonly string[]): Isolation {
  return {
    name: 'grouped',
    child: [
      ...directories.slice(0, 1).flatMap((directory) => [
        { ...open(`${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC), as: directory },
        write({ resultOf: directory }, '0'),
        close({ resultOf: directory }),
      ]),
      unshare(CLONE_NEWCGROUP),
    ],
  }
}
