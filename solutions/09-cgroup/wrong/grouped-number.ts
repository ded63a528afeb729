// exercise: grouped
// wrong: writes the process number that it saw once
// score: 4
// says: beside other processes: expected the container in the group
import { CLONE_NEWCGROUP, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

export function grouped(directories: readonly string[]): Isolation {
  return {
    name: 'grouped',
    child: [
      ...directories.flatMap((directory) => [
        { ...open(`${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC), as: directory },
        write({ resultOf: directory }, '2'),
        close({ resultOf: directory }),
      ]),
      unshare(CLONE_NEWCGROUP),
    ],
  }
}
