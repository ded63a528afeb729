// Which user namespace a container gets: from the flags, from who asks, and from what /etc/subuid gives him.
//
//   choose({ mode: 'auto' }, surroundings())   → { spec, lacking }
//
// Invariant: choose() is pure; surroundings() is all that is read from the machine.
import { accessSync, constants, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { SpecError } from '@pocker/syscalls'
import type { UsernsMode } from './flags.ts'
import { endOf, mapFrom, rootlessMap, subordinate, type Range } from './subordinate.ts'
import type { IdMapping, UserSpec } from './user.ts'

/** What the user asked for. */
export interface Wish {
  readonly mode?: UsernsMode
  readonly uidMappings?: readonly IdMapping[]
  readonly gidMappings?: readonly IdMapping[]
}

export interface Surroundings {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly subuid: readonly Range[]
  readonly subgid: readonly Range[]
  /** The first id above all that the two files give to somebody. */
  readonly unused: number
  /** Whether newuidmap and newgidmap are installed. */
  readonly programs: boolean
}

/** Something that the machine does not have or allow, and what to do about it. */
export interface Obstacle { readonly found: string; readonly remedy: string }

/** `spec` is undefined for a container without a user namespace; `lacking` is why only root exists inside. */
export interface Choice { readonly spec?: UserSpec; readonly lacking?: Obstacle }

const NO_PROGRAMS: Obstacle = { found: 'newuidmap is not installed', remedy: 'apt-get install uidmap' }

/** @throws {SpecError} if the wish cannot be met */
// region choose
export function choose(wish: Wish, who: Surroundings): Choice {
  const { mode, uidMappings, gidMappings = uidMappings } = wish
  if (uidMappings && gidMappings) {
    if (mode) throw new SpecError(`--userns: expected it without --uidmap, got ${mode} beside it`)
    if (who.uid !== 0 && !who.programs) throw new SpecError(`--uidmap: ${NO_PROGRAMS.found}; try: ${NO_PROGRAMS.remedy}`)
    return { spec: { uidMappings, gidMappings, writtenBy: who.uid === 0 ? 'root' : 'newuidmap' } }
  }
  if (gidMappings) throw new SpecError('--gidmap: expected --uidmap beside it, got none')
  return who.uid === 0 ? rootful(mode, who) : rootless(mode, who)
}
// endregion

function rootful(mode: UsernsMode | undefined, who: Surroundings): Choice {
  const { name, subuid, subgid } = who
  if (mode !== 'auto') return {}
  if (subuid.length === 0 || subgid.length === 0) {
    throw new SpecError(`--userns: expected ids for ${name} in /etc/subuid and /etc/subgid, found none; try: ${remedy(who)}`)
  }
  return { spec: { uidMappings: mapFrom(0, subuid), gidMappings: mapFrom(0, subgid), writtenBy: 'root' } }
}

function rootless(mode: UsernsMode | undefined, who: Surroundings): Choice {
  const { name, uid, gid, subuid, subgid, programs } = who
  if (mode === 'host') throw new SpecError('--userns: expected root for host, got an ordinary user; leave it out')
  if (programs && subuid.length > 0 && subgid.length > 0) {
    return { spec: { uidMappings: rootlessMap(uid, subuid), gidMappings: rootlessMap(gid, subgid), writtenBy: 'newuidmap' } }
  }
  return {
    spec: { uidMappings: rootlessMap(uid, []), gidMappings: rootlessMap(gid, []), writtenBy: 'owner' },
    lacking: programs
      ? { found: `/etc/subuid and /etc/subgid have no ids for ${name}`, remedy: remedy(who) }
      : NO_PROGRAMS,
  }
}

/** So many ids are usual: all that a file system of Debian's asks for. */
const COUNT = 65_536

function remedy({ name, unused }: Surroundings): string {
  const range = `${unused}-${unused + COUNT - 1}`
  return `usermod --add-subuids ${range} --add-subgids ${range} ${name}`
}

/** @returns what there is on this machine for the user who runs this process */
export function surroundings(): Surroundings {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  const owner = { name: nameOf(uid), id: uid }
  const [subuid, subgid] = ['/etc/subuid', '/etc/subgid'].map(textOf) as [string, string]
  return {
    name: owner.name, uid, gid, subuid: subordinate(subuid, owner), subgid: subordinate(subgid, owner, gid),
    unused: Math.max(endOf(subuid), endOf(subgid)), programs: ['newuidmap', 'newgidmap'].every(installed),
  }
}

/** @returns the number if there is no such name: a container may run under any */
function nameOf(uid: number): string {
  try {
    return userInfo().username
  } catch {
    return String(uid)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // as shadow has it: no file, no ids
  }
}

function installed(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((dir) => {
    try {
      accessSync(`${dir}/${program}`, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
