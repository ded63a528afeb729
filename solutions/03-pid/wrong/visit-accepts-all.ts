// exercise: visit
// wrong: takes every number
// score: 4
// says: visit() accepted what it must refuse
import { CLONE_NEWPID, close, O_CLOEXEC, O_RDONLY, open, setns, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  return {
    name: 'visit',
    before: [
      { ...open(`/proc/${pid}/ns/pid`, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWPID),
      close({ resultOf: 'namespace' }),
    ],
  }
}
