// What state a container is in: asked of the kernel each time, never remembered.
//
//   statusOf(store, stored)   → 'created'
//   stateOf(store, id)        → { ociVersion, id, status, pid, bundle, annotations }, as the spec has it
//
// Invariant: nothing is changed by looking. Created is who still holds the pipe that it waits at.
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { findTree, isFrozen, type Group } from '@pocker/cgroup'
import type { Process, Store, Stored } from './store.ts'

export type Status = 'creating' | 'created' | 'running' | 'paused' | 'stopped'

/** @see OCI runtime spec, runtime.md, "State" */
export interface State {
  readonly ociVersion: string
  readonly id: string
  readonly status: Status
  readonly pid?: number
  readonly bundle: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** @returns the process of this number now; undefined if there is none, or it is dead and only not waited for */
export function processOf(pid: number): Process | undefined {
  const fields = statFields(pid)
  const [state = 'X', start = ''] = [fields?.[0], fields?.[19]]
  return fields && state !== 'Z' && state !== 'X' ? { pid, start } : undefined
}

/** Those behind the name, which may hold anything. @see proc_pid_stat(5) */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}

export const isAlive = (process: Process | undefined): boolean =>
  process !== undefined && processOf(process.pid)?.start === process.start

// region status
export function statusOf(store: Store, stored: Stored): Status {
  if (!stored.process) return isAlive(stored.creator) ? 'creating' : 'stopped'
  if (!isAlive(stored.process)) return 'stopped'
  const group = groupOf(stored)
  if (group && isFrozen(group)) return 'paused' // before it was started, too: it could not be, and has to be resumed first
  return waitsForStart(store.path(stored.id, 'start')) ? 'created' : 'running'
}
// endregion

/** A named pipe can be opened for writing, without waiting, only while somebody reads it. @see fifo(7), ENXIO */
function waitsForStart(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    if (['ENXIO', 'ENOENT'].includes(String((error as NodeJS.ErrnoException).code))) return false
    throw error
  }
}

export const groupOf = ({ cgroup }: Pick<Stored, 'cgroup'>): Group | undefined =>
  cgroup === undefined ? undefined : { tree: findTree(), path: cgroup }

export function stateOf(store: Store, stored: Stored): State {
  const { ociVersion, id, bundle, annotations } = stored
  const status = statusOf(store, stored)
  const pid = status === 'stopped' || !stored.process ? undefined : stored.process.pid
  return {
    ociVersion,
    id,
    status,
    ...(pid !== undefined && { pid }),
    bundle,
    ...(Object.keys(annotations).length > 0 && { annotations }),
  }
}
