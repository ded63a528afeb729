// exec: a further process in a container that runs.
//
//   const birth = await exec(store, { id: 'web', process })   → executed
//
// Invariant: it has the container's cgroup, namespaces, capabilities and filter, or what its process.json says; and nothing of
// whoever asked for it.
import { closeSync, writeFileSync, renameSync } from 'node:fs'
import { SpecError } from '@pocker/syscalls'
import { Birth } from '../monitor/birth.ts'
import type { ProcessSpec } from '../spec/schema.ts'
import { connected } from './console.ts'
import { foreign, inside, pidfdOf } from './inside.ts'
import { placeFor } from './place.ts'
import { groupOf, statusOf } from './status.ts'
import type { Store } from './store.ts'

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
  const group = groupOf(stored)
  const pidfd = pidfdOf(stored.process, id)
  const own = typeof consoleSocket === 'string' ? connected(consoleSocket) : undefined
  const console = own ?? (process.terminal && typeof consoleSocket === 'function' ? consoleSocket() : undefined)
  let birth: Birth | undefined
  try {
    const { group: _, ...place } = placeFor(spec, { ...stored, preserved, noNewKeyring: true })
    const plan = inside(spec, foreign(stored.process?.pid ?? 0), {
      ...place,
      ...(group && { group }),
      mapsWrittenBy: stored.mapsWrittenBy,
    })
    birth = new Birth(plan, {
      stays: monitored,
      given: { pidfd, ...(console !== undefined && { console }) },
      passed: Array.from({ length: preserved }, (_, i) => 3 + i),
    })
    for (const _ of ['made', 'ready']) {
      if (!birth.reported()) throw birth.failure() ?? new SpecError(`exec: the container ${id} ended meanwhile`)
      if (_ === 'ready' && pidFile !== undefined) writeWhole(pidFile, String(birth.pid))
      birth.go()
    }
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

export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}
