// Waiting for children without polling: the kernel tells by SIGCHLD, and wait4 fetches what it has to tell.
//
//   await ended(pid)     → { code: 0, signal: null }
//   endedSync(pid)       → the same, blocking this thread
//
// Invariant: only children made here are waited for; those of node's child_process are left to node.
import { WALL, WNOHANG } from '../data/constants.ts'
import { wait4 } from '../data/calls.ts'
import { signalName, signalNumber } from '../data/format.ts'
import { call } from './call.ts'

/** How a process ended: by itself with a code, or by a signal such as SIGKILL. One of the two is null. */
export interface Exit { readonly code: number | null; readonly signal: string | null }

/** @returns what a shell would say: the code, or 128 + the signal's number */
export const exitCode = ({ code, signal }: Exit): number => code ?? 128 + signalNumber(signal ?? '')

/** @param status as wait4 writes it. @see wait(2) */
export function parseStatus(status: number): Exit {
  const signal = status & 0x7f
  return signal ? { code: null, signal: signalName(signal) } : { code: (status >> 8) & 0xff, signal: null }
}

/** A signal to a process, or with its negative number to its group. If it is gone by now, there is nobody to hear it. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

interface Waiter { readonly resolve: (exit: Exit) => void; readonly reject: (error: unknown) => void }
const waiting = new Map<number, Waiter>()
/** Signal handlers do not keep node running; a timer that never comes does. */
let keepAlive: NodeJS.Timeout | undefined
const FOREVER = 2 ** 31 - 1

/** @returns how a child that was made here ended, when it has */
export function ended(pid: number): Promise<Exit> {
  return new Promise((resolve, reject) => {
    if (waiting.size === 0) {
      process.on('SIGCHLD', reap)
      keepAlive = setInterval(() => {}, FOREVER)
    }
    waiting.set(pid, { resolve, reject })
    reap() // it may have ended before the handler was there
  })
}

/** @returns how the child ended; nothing else runs meanwhile */
export function endedSync(pid: number): Exit {
  return exitOf(call(wait4(pid, WALL)).outs)
}

// region reap
function reap(): void {
  for (const [pid, { resolve, reject }] of waiting) {
    try {
      const { value, outs } = call(wait4(pid, WALL | WNOHANG))
      if (value === 0n) continue
      resolve(exitOf(outs))
    } catch (error) {
      reject(error)
    }
    waiting.delete(pid)
  }
  if (waiting.size === 0) {
    process.off('SIGCHLD', reap)
    clearInterval(keepAlive)
  }
}
// endregion

const exitOf = (outs: readonly Buffer[]): Exit => parseStatus(outs[0]?.readInt32LE(0) ?? 0)
