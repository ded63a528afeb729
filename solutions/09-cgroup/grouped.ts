// A container in its own control group.
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
      because('the root is where it is now', unshare(CLONE_NEWCGROUP)),
    ],
  }
}
