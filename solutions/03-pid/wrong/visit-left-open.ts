// exercise: visit
// wrong: leaves the descriptor open in the process in between
// score: 4
// says: the process in between still has pid:[
import { CLONE_NEWPID, O_CLOEXEC, O_RDONLY, open, setns, SpecError, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return {
    name: 'visit',
    before: [
      { ...open(`/proc/${pid}/ns/pid`, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWPID),
    ],
  }
}
