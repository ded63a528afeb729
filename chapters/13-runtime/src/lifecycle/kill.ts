// kill: a signal for the container's first process, or for all.
//
//   kill(store, 'web', 'TERM', { all: false })
//
// Invariant: the signal goes to a process held by descriptor, which is checked to be the one that was started: its number may
// have been given to another since.
import { closeSync } from 'node:fs'
import { allProcesses, type Group } from '@pocker/cgroup'
import { call, SIG, SpecError, SyscallError } from '@pocker/syscalls'
import { pidfdOpen, pidfdSendSignal } from '../calls.ts'
import { groupOf, isAlive, statusOf } from './status.ts'
import type { Process, Store } from './store.ts'

/** SIGRTMIN to SIGRTMAX as the C library has them. */
const [RTMIN, RTMAX] = [34, 64]

/** @param text a number, or a name with or without SIG. @throws {SpecError} */
export function parseSignal(text: string): number {
  const number = Number(text)
  if (/^\d{1,2}$/.test(text) && number >= 1 && number <= RTMAX) return number
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG')
  const found = SIG[name] ?? realTime(name)
  if (found === undefined)
    throw new SpecError(`signal: expected a number from 1 to ${RTMAX} or a name such as TERM, got ${JSON.stringify(text)}`)
  return found
}

function realTime(name: string): number | undefined {
  const [, from, sign, distance = '0'] = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name) ?? []
  if (from === undefined) return undefined
  const number = (from === 'MIN' ? RTMIN : RTMAX) + (sign === '-' ? -1 : 1) * Number(distance)
  return number >= RTMIN && number <= RTMAX ? number : undefined
}

/** @throws {SpecError} if there is nobody to get it */
export function kill(store: Store, id: string, signal: string, { all = false }: { readonly all?: boolean } = {}): void {
  const number = parseSignal(signal)
  const stored = store.read(id)
  const status = statusOf(store, stored)
  const group = groupOf(stored)
  if (all && group) {
    signalAll(group, number)
    return
  }
  if (status === 'stopped' || !stored.process)
    throw new SpecError(`kill: expected a container that runs, ${id} is ${status}: container not running`)
  killProcess(stored.process, number)
}

function signalAll(group: Group, signal: number): void {
  for (const pid of allProcesses(group)) signalTo(pid, signal, () => allProcesses(group).includes(pid))
}

/** One that has ended meanwhile got what it was to get. */
export function killProcess(process: Process, signal: number): void {
  signalTo(process.pid, signal, () => isAlive(process))
}

function signalTo(pid: number, signal: number, isStill: () => boolean): void {
  let pidfd: number
  try {
    pidfd = Number(call(pidfdOpen(pid)).value)
  } catch (error) {
    if (error instanceof SyscallError && ['ESRCH', 'EINVAL'].includes(error.code)) return
    throw error
  }
  try {
    if (isStill()) call(pidfdSendSignal(pidfd, signal))
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'ESRCH') throw error
  } finally {
    closeSync(pidfd)
  }
}
