// A container in the PID namespace of a running process.
import {
  because, CLONE_NEWPID, close, O_CLOEXEC, O_RDONLY, open, setns, SpecError, type Isolation,
} from '@pocker/syscalls'

/** @throws {SpecError} if it is no process number */
export function visit(pid: number): Isolation {
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return {
    name: 'visit',
    before: [
      { ...open(`/proc/${pid}/ns/pid`, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      because('the next child is born there', setns({ resultOf: 'namespace' }, CLONE_NEWPID)),
      close({ resultOf: 'namespace' }),
    ],
  }
}
