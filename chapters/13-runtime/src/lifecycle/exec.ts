// exec: a further process in a container that runs.
//
//   const birth = await exec(store, { id: 'web', process })   → executed
//
// Invariant: it has the container's cgroup, namespaces, capabilities and filter, or what its process.json says; and nothing of
// whoever asked for it.
import { closeSync } from 'node:fs'
import { SpecError } from '@pocker/syscalls'
import { Birth } from '../monitor/birth.ts'
import type { ProcessSpec } from '../spec/schema.ts'
import { connected } from './console.ts'
import { inside, pidfdOf } from './inside.ts'
import { statusOf } from './status.ts'
import { writeWhole, type Store } from './store.ts'

export interface ExecOptions {
  readonly id: string
  readonly process: ProcessSpec
  readonly consoleSocket?: string | (() => number)
  readonly pidFile?: string
  readonly preserved?: number
  readonly ignorePaused?: boolean
  /** As in CreateOptions. */
  readonly monitored: boolean
}

/** @throws {SpecError | StartError} if the container does not run, or the program cannot be executed */
// region exec
export function exec(store: Store, options: ExecOptions): Birth {
  const { id, process, consoleSocket, pidFile, preserved = 0, ignorePaused = false, monitored } = options
  const stored = store.read(id)
  const status = statusOf(store, stored)
  const paused = status === 'paused' && !ignorePaused
  if (paused || !['created', 'running', 'paused'].includes(status)) {
    throw new SpecError(`exec: expected a container that runs, ${id} is ${status}${paused ? '; try: pocker oci resume' : ''}`)
  }
  if (process.terminal && consoleSocket === undefined) {
    throw new SpecError('--console-socket: expected a socket to send the terminal to, as a terminal is asked for, got none')
  }
  const spec = { ...store.config(id), process }
  const pidfd = pidfdOf(stored.process, id)
  const own = typeof consoleSocket === 'string' ? connected(consoleSocket) : undefined
  const console = own ?? (process.terminal && typeof consoleSocket === 'function' ? consoleSocket() : undefined)
  let birth: Birth | undefined
  try {
    birth = new Birth(inside(spec, stored, { preserved, noNewKeyring: true }), {
      stays: monitored,
      given: { pidfd, ...(console !== undefined && { console }) },
      passed: Array.from({ length: preserved }, (_, i) => 3 + i),
    })
    reached(birth, id) // it is there
    birth.go()
    reached(birth, id) // it is all that it will be, but for its program
    if (pidFile !== undefined) writeWhole(pidFile, String(birth.pid))
    birth.go()
    birth.executed()
    if (!monitored) birth.endedSync()
    return birth
  } catch (error) {
    birth?.abandon()
    throw error
  } finally {
    closeSync(pidfd)
    if (own !== undefined) closeSync(own)
  }
}
// endregion

/** Waits until it is at its next gate. */
function reached(birth: Birth, id: string): void {
  if (!birth.reported()) throw birth.failure() ?? new SpecError(`exec: the container ${id} ended meanwhile`)
}
