// exercise: visit
// wrong: always the number of the first try
// score: 2
// says: the container is not in the PID namespace of process 4
import { CLONE_NEWPID, close, O_CLOEXEC, O_RDONLY, open, setns, SpecError, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return {
    name: 'visit',
    before: [
      { ...open('/proc/2/ns/pid', O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWPID),
      close({ resultOf: 'namespace' }),
    ],
  }
}
