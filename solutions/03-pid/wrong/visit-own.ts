// exercise: visit
// wrong: makes a namespace of its own, instead of joining one
// score: 2
// says: the container has a PID namespace of its own, instead of the one it should visit
import { CLONE_NEWPID, SpecError, type Isolation } from '@pocker/syscalls'

export function visit(pid: number): Isolation {
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError(`pid: expected a process number, got ${pid}`)
  return { name: 'visit', flags: CLONE_NEWPID }
}
