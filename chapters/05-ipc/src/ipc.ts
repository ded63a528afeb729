// What processes share without a file: System V segments, semaphores and queues, and the names of POSIX message
// queues. CLONE_NEWIPC gives a container its own.
//
//   ipc({ mode: 'private' })     → a new namespace, in which none of them exist yet
//   ipc({ mode: 'host' })        → the machine's
//   ipc({ mode: { join: 42 } })  → that of process 42
//
// Invariant: this is the kernel's table, nothing else. /dev/shm and /dev/mqueue are file systems: shm.ts mounts them.
import {
  because, CLONE_NEWIPC, dieWithParent, enter, SpecError, type Isolation,
} from '@pocker/syscalls'

/**
 * Whose objects a container sees. `shareable` makes what `private` makes, and says that others may join it; `none`
 * is `private` without a /dev/shm. `join` is the number, as seen here, of any process in the namespace.
 */
export type IpcMode = 'none' | 'private' | 'shareable' | 'host' | { readonly join: number }

/**
 * @throws {SpecError} if `join` is no process number
 * @see ipc_namespaces(7)
 */
// region ipc
export function ipc({ mode }: { readonly mode: IpcMode }): Isolation {
  if (mode === 'host') return { name: 'ipc' }
  if (typeof mode === 'string') return { name: 'ipc', flags: CLONE_NEWIPC }
  return { name: 'ipc', before: join(processNumber(mode.join)) }
}
// endregion

/** A process between us and the container enters, and the container is born there; node's own threads stay. */
// region join
function join(pid: number): NonNullable<Isolation['before']> {
  return [
    because('it must not outlive its parent either', dieWithParent()),
    ...enter(`/proc/${pid}/ns/ipc`, CLONE_NEWIPC, 'what is made from here on is made there'),
  ]
}
// endregion

/** @throws {SpecError} if it is none */
export function processNumber(join: number): number {
  if (!Number.isSafeInteger(join) || join < 1) throw new SpecError(`ipc.join: expected a process number, got ${join}`)
  return join
}
