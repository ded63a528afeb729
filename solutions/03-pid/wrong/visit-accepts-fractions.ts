// exercise: visit
// wrong: checks only the sign
// score: 4
// says: visit() accepted what it must refuse
import { CLONE_NEWPID, close, O_CLOEXEC, O_RDONLY, open, setns, SpecError, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  if (pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return {
    name: 'visit',
    before: [
      { ...open(`/proc/${pid}/ns/pid`, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWPID),
      close({ resultOf: 'namespace' }),
    ],
  }
}
