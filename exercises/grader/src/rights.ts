// Who a process is to the kernel, and what it may do.
//
//   rightsOf(pid, sandboxPid)   → { uids: '4711 4711 4711 4711', capabilities: { bounding: ['CAP_KILL'], … }, … }
//   run(isolation, { handed: { groups: [7], capabilities: ['CAP_KILL'] } })
//
// Invariant: ids are those of the sandbox, which plays the machine, whatever they are outside.
import { because, CAP, capset, raiseAmbient, setgroups, type Syscall } from '@pocker/syscalls'
import { field, readIf } from './status.ts'
import { idsIn } from './users.ts'

/** What the machine's root leaves to its children, besides all rights: a plan that does nothing about it keeps it. */
export interface Handed {
  /** Inheritable and ambient ones, by name. */
  readonly capabilities?: readonly string[]
  /** Further groups. */
  readonly groups?: readonly number[]
}

const SETS = { inheritable: 'CapInh', permitted: 'CapPrm', effective: 'CapEff', bounding: 'CapBnd', ambient: 'CapAmb' } as const

export interface Rights {
  /** Real, effective, saved and file system's, with blanks between. */
  readonly uids: string
  readonly gids: string
  /** Names in each set, in the order of their numbers. */
  readonly capabilities: Readonly<Record<keyof typeof SETS, readonly string[]>>
  readonly noNewPrivileges: boolean
}

export function rightsOf(pid: number, sandboxPid: number): Rights {
  const status = readIf(`/proc/${pid}/status`)
  const sets = Object.entries(SETS).map(([set, name]) => [set, namesIn(field(status, name)[0] ?? '0')])
  return {
    uids: idsIn(sandboxPid, 'uid_map', field(status, 'Uid')).join(' '),
    gids: idsIn(sandboxPid, 'gid_map', field(status, 'Gid')).join(' '),
    capabilities: Object.fromEntries(sets) as Rights['capabilities'],
    noNewPrivileges: field(status, 'NoNewPrivs')[0] === '1',
  }
}

/** @param mask hexadecimal, as in /proc */
const namesIn = (mask: string): string[] =>
  Object.entries(CAP).filter(([, bit]) => (BigInt(`0x${mask}`) >> BigInt(bit)) & 1n).map(([name]) => name)

/** @returns what PID 1 of the sandbox does to have them */
export function handedOn({ capabilities = [], groups }: Handed): Syscall[] {
  const all = Object.keys(CAP)
  return [
    ...(groups ? [because('what a container should leave', setgroups(groups))] : []),
    ...(capabilities.length > 0 ? [capset({ effective: all, permitted: all, inheritable: capabilities })] : []),
    ...capabilities.map((name) => raiseAmbient(CAP[name] ?? -1)),
  ]
}
