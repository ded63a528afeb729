// exercise: visit
// wrong: calls setns in the container, which moves only its children
// score: 2
// says: the container is in the machine's PID namespace
import { CLONE_NEWPID, close, O_CLOEXEC, O_RDONLY, open, setns, SpecError, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return {
    name: 'visit',
    child: [
      { ...open(`/proc/${pid}/ns/pid`, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWPID),
      close({ resultOf: 'namespace' }),
    ],
  }
}
