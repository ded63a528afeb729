// Names of what a process makes, by which whoever comes later knows whether its owner still lives.
//
//   ownedName('4020fd7715e0')   → '7089.982134.4026531836.4026531834-4020fd7715e0'
//                                 process, moment of its birth, PID namespace, time namespace
//   ownerHere(name)             → 7089, to who is in that PID namespace
//   isAbandoned(name)           → whether that process is gone; false of a name of another form
//
// The number of a process comes again, the number with the moment of its birth does not. But a number is that of a PID
// namespace, and a moment that of a time namespace.
// Invariant: in another PID namespace the living look dead; so where it cannot be known, they count as alive.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** PROC_PID_INIT_INO: whoever stands in the machine's own namespace sees all processes. @see linux/proc_ns.h */
const MACHINE = '4026531836'
const FORM = /^(?<owner>\d+)\.(?<birth>\d+)\.(?<numbers>\d+)\.(?<clocks>\d+)-/

export const ownedName = (word: string | number): string =>
  `${process.pid}.${birthOf(process.pid)}.${namespace('pid')}.${namespace('time')}-${word}`

/** @returns the process, if it has its number here */
export function ownerHere(name: string): number | undefined {
  const { owner, numbers } = FORM.exec(name)?.groups ?? {}
  return owner !== undefined && numbers === namespace('pid') ? Number(owner) : undefined
}

export function isAbandoned(name: string): boolean {
  const { birth, numbers, clocks } = FORM.exec(name)?.groups ?? {}
  if (numbers === undefined) return false
  const owner = ownerHere(name)
  if (owner === undefined) return namespace('pid') === MACHINE && processes().every((pid) => isOutside(numbers, pid))
  const now = birthOf(owner)
  return now === undefined || (clocks === namespace('time') && now !== birth)
}

const processes = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

/** Of a process that we may not look at, it is not known. Process 1 is in our own namespace. */
function isOutside(numbers: string, pid: string): boolean {
  try {
    return pid === '1' || namespace('pid', pid) !== numbers
  } catch {
    return false
  }
}

/** @returns in ticks since boot; undefined if it has ended. @see proc_pid_stat(5), (22); time_namespaces(7) */
const birthOf = (pid: number): string | undefined =>
  ifThere(() => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19])

/** @returns its inode; 0 if the process has ended, or the kernel has no such namespaces */
const namespace = (type: 'pid' | 'time', pid = 'self'): string =>
  ifThere(() => readlinkSync(`/proc/${pid}/ns/${type}`).replace(/\D/g, '')) ?? '0'

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
