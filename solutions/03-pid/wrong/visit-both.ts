// exercise: visit
// wrong: asks for a namespace of its own as well, which the kernel refuses
// score: 1
// says: EINVAL
import { CLONE_NEWPID, close, O_CLOEXEC, O_RDONLY, open, setns, SpecError, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return {
    name: 'visit',
    flags: CLONE_NEWPID,
    before: [
      { ...open(`/proc/${pid}/ns/pid`, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWPID),
      close({ resultOf: 'namespace' }),
    ],
  }
}
