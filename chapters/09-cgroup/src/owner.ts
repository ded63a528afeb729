// Whose a group is: its name begins with the process that made it, so whoever comes later can remove what a kill has left.
//
//   ownedName('4020fd7715e0')   → '7089.4026531836-4020fd7715e0': the process, and the PID namespace in which it has that number
//   ownerHere(name)             → 7089, to who is in that namespace
//   isAbandoned(name)           → whether that process is gone; false of a name of another form
//
// Invariant: in another PID namespace the living look dead, so where it cannot be known, they count as alive.
import { existsSync, readdirSync, readlinkSync } from 'node:fs'

/** PROC_PID_INIT_INO: whoever stands in the machine's own namespace sees all processes. @see linux/proc_ns.h */
const MACHINE = '4026531836'

export const ownedName = (word: string): string => `${process.pid}.${pidNamespace('self')}-${word}`

/** @returns the process, if it has its number here */
export function ownerHere(name: string): number | undefined {
  const { owner, namespace } = parse(name)
  return owner !== undefined && namespace === pidNamespace('self') ? Number(owner) : undefined
}

export function isAbandoned(name: string): boolean {
  const [{ namespace }, owner] = [parse(name), ownerHere(name)]
  if (owner !== undefined) return !existsSync(`/proc/${owner}`)
  if (namespace === undefined || pidNamespace('self') !== MACHINE) return false
  return !readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && pidNamespace(pid) === namespace)
}

const parse = (name: string): { owner?: string; namespace?: string } =>
  /^(?<owner>\d+)\.(?<namespace>\d+)-/.exec(name)?.groups ?? {}

/** @returns its inode; undefined if the process has ended */
function pidNamespace(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`).replace(/\D/g, '')
  } catch {
    return undefined
  }
}
