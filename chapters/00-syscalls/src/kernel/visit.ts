// System calls made within the namespaces of another process. The visit is a process of its own, which ends behind the last.
//
//   visit([['/proc/42/ns/uts', CLONE_NEWUTS]], [uname()])   → the results of the list
//
// Invariant: this process enters nothing itself. So a user namespace can be visited as well, which a process with threads
// may not enter; and through it, without root, the namespaces that belong to it.
import { exit_group, open, setns } from '../data/calls.ts'
import { CLONE_CLEAR_SIGHAND, CLONE_VFORK, CLONE_VM, O_CLOEXEC, O_RDONLY } from '../data/constants.ts'
import type { Syscall } from '../data/syscall.ts'
import { SyscallError } from '../errno.ts'
import { encode } from '../machine/encode.ts'
import { machine, type Result } from './arena.ts'
import { failedStep, failure, scratchArena } from './call.ts'
import { endedSync } from './wait.ts'

/**
 * @param places files that stand for namespaces, and CLONE_NEW*, in the order in which they are entered
 * @throws {SyscallError} of the step that failed
 */
export function visit(places: readonly (readonly [path: string, type: bigint])[], list: readonly Syscall[]): Result[] {
  // Opened first, all of them: within another user namespace, the visitor may no longer look at a process of this one.
  const way = [
    ...places.map(([path]) => ({ ...open(path, O_RDONLY | O_CLOEXEC), as: path })),
    ...places.map(([path, type]) => setns({ resultOf: path }, type)),
  ]
  const arena = scratchArena(encode([...way, ...list, exit_group(0)], machine()))
  const visitor = arena.clone(CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND)
  if (visitor < 0) throw new SyscallError('clone3', -visitor)
  const results = arena.results()
  endedSync(visitor)
  if (failedStep(results)) throw failure(results)
  return results.slice(way.length, -1)
}
