// exercise: grouped
// wrong: makes the namespace only where there are several hierarchies
// score: 3
// says: the container is in the machine's cgroup namespace
import { because, CLONE_NEWCGROUP, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

export function grouped(directories: readonly string[]): Isolation {
  return {
    name: 'grouped',
    child: [
      ...directories.flatMap((directory) => [
        { ...open(`${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC), as: directory },
        because('whoever writes it', write({ resultOf: directory }, '0')),
        close({ resultOf: directory }),
      ]),
      ...(directories.length > 2 ? [because('the root is where it is now', unshare(CLONE_NEWCGROUP))] : []),
    ],
  }
}
