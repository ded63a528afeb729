// Process numbers. CLONE_NEWPID gives a container its own, beginning at 1.
//
//   pid({ mode: 'private' })   → a new namespace: the program is process 1 in it
//   pid({ mode: 'host' })      → the machine's
//   pid({ mode: { join: 42 } })  → that of process 42
//
// Invariant: a namespace is entered by being born into it. No process ever changes its own number.
import {
  because, CLONE_NEWPID, dieWithParent, enter, SpecError, type Isolation,
} from '@pocker/syscalls'

/** Which process numbers a container has. `join` is the number, as seen here, of any process in the namespace. */
export type PidMode = 'private' | 'host' | { readonly join: number }

/**
 * @throws {SpecError} if `join` is no process number
 * @see pid_namespaces(7)
 */
// region pid
export function pid({ mode }: { readonly mode: PidMode }): Isolation {
  if (mode === 'host') return { name: 'pid' }
  if (mode === 'private') return { name: 'pid', flags: CLONE_NEWPID }
  if (!Number.isSafeInteger(mode.join) || mode.join < 1) {
    throw new SpecError(`pid.join: expected a process number, got ${mode.join}`)
  }
  return { name: 'pid', before: join(mode.join) }
}
// endregion

/** setns moves only the children to come; so a process between us and the container makes the move. */
// region join
function join(pid: number): NonNullable<Isolation['before']> {
  return [
    because('it must not outlive its parent either', dieWithParent()),
    ...enter(`/proc/${pid}/ns/pid`, CLONE_NEWPID, 'the next child is born there'),
  ]
}
// endregion

/** @returns `--pid` as Docker writes it: nothing, `host`, or `container:` and a process number */
export function parsePidMode(text: string | undefined): PidMode {
  if (text === undefined || text === '' || text === 'private') return 'private'
  if (text === 'host') return 'host'
  const number = /^container:(\d+)$/.exec(text)?.[1]
  if (!number) throw new SpecError(`--pid: expected host, or container: and the number of one of its processes, got ${text}`)
  return { join: Number(number) }
}
