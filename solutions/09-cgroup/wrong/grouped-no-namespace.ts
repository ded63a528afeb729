// exercise: grouped
// wrong: makes no namespace
// score: 3
// says: the container is in the machine's cgroup namespace
import { close, O_CLOEXEC, O_WRONLY, open, write, type Isolation } from '@pocker/syscalls'

export function grouped(directories: readonly string[]): Isolation {
  return {
    name: 'grouped',
    child: directories.flatMap((directory) => [
      { ...open(`${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC), as: directory },
      write({ resultOf: directory }, '0'),
      close({ resultOf: directory }),
    ]),
  }
}
