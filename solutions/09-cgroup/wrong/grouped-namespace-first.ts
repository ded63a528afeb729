// exercise: grouped
// wrong: makes the namespace before it enters
// score: 3
// says: the container sees the path of its group
import { CLONE_NEWCGROUP, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

export function grouped(directories: readonly string[]): Isolation {
  return {
    name: 'grouped',
    child: [
      unshare(CLONE_NEWCGROUP),
      ...directories.flatMap((directory) => [
        { ...open(`${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC), as: directory },
        write({ resultOf: directory }, '0'),
        close({ resultOf: directory }),
      ]),
    ],
  }
}
