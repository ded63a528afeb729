// A container in its own control group.
import { because, CLONE_NEWCGROUP, close, O_CLOEXEC, O_WRONLY, open, unshare, write, type Isolation } from '@pocker/syscalls'

export function grouped(directories: readonly string[]): Isolation {
  // step: nothing for the clone: the namespace is made later, and that is the point
  return {
    name: 'grouped',
    child: [
      // step: enter the group in every hierarchy; 0 is whoever writes it
      ...directories.flatMap((directory) => [
        { ...open(`${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC), as: directory },
        because('whoever writes it', write({ resultOf: directory }, '0')),
        close({ resultOf: directory }),
      ]),
      // step: the namespace's root is where the process is now: so it comes last
      because('the root is where it is now', unshare(CLONE_NEWCGROUP)),
    ],
  }
}
