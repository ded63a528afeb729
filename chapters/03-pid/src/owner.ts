// Names of what a process makes, by which whoever comes later knows whether its owner still lives.
//
//   ownedName('4020fd7715e0')   → '7089.982134.4026531836-4020fd7715e0': process, moment of its birth, PID namespace
//   ownerHere(name)             → 7089, to who is in that namespace
//   isAbandoned(name)           → whether that process is gone; false of a name of another form
//
// The number of a process comes again, the number with the moment of its birth does not.
// Invariant: in another PID namespace the living look dead; so where it cannot be known, they count as alive.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** PROC_PID_INIT_INO: whoever stands in the machine's own namespace sees all processes. @see linux/proc_ns.h */
const MACHINE = '4026531836'

export const ownedName = (word: string | number): string =>
  `${process.pid}.${birthOf(process.pid)}.${pidNamespace('self')}-${word}`

/** @returns the process, if it has its number here */
export function ownerHere(name: string): number | undefined {
  const { owner, namespace } = parse(name)
  return owner !== undefined && namespace === pidNamespace('self') ? Number(owner) : undefined
}

export function isAbandoned(name: string): boolean {
  const [{ namespace, birth }, owner] = [parse(name), ownerHere(name)]
  if (owner !== undefined) return birthOf(owner) !== birth
  if (namespace === undefined || pidNamespace('self') !== MACHINE) return false
  return !readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && pidNamespace(pid) === namespace)
}

const parse = (name: string): { owner?: string; birth?: string; namespace?: string } =>
  /^(?<owner>\d+)\.(?<birth>\d+)\.(?<namespace>\d+)-/.exec(name)?.groups ?? {}

/** @returns in ticks since boot. @see proc_pid_stat(5), (22) */
const birthOf = (pid: number): string | undefined =>
  ifAlive(() => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19])

/** @returns its inode */
const pidNamespace = (pid: string): string | undefined => ifAlive(() => readlinkSync(`/proc/${pid}/ns/pid`).replace(/\D/g, ''))

function ifAlive<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
