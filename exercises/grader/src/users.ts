// Which users and groups a container has, as the kernel tells it.
//
//   usersOf(pid, sandboxPid)   → { uidMap: '0 4711 10', gidMap: '0 815 10', setgroups: 'allow', groups: [], … }
//
// Invariant: the ids behind `inside` are those of the sandbox, which plays the machine, whatever it has outside.
import { lstatSync, readFileSync } from 'node:fs'
import { field, readIf } from './status.ts'

interface Range { readonly inside: number; readonly outside: number; readonly size: number }

export interface Users {
  /** A line for each range: the first id inside, the first id on the machine, how many. */
  readonly uidMap: string
  readonly gidMap: string
  /** Whether the container may choose its groups: `allow` or `deny`. */
  readonly setgroups: string
  /** The program's supplementary groups. */
  readonly groups: readonly number[]
  /** Whom a file belongs to that the program made. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** @param file that the program made, a path below its root */
export function usersOf(pid: number, sandboxPid: number, file?: string): Users {
  const [uids, gids] = [rangesOf(sandboxPid, 'uid_map'), rangesOf(sandboxPid, 'gid_map')]
  const made = file === undefined ? undefined : lstatSync(`/proc/${pid}/root${file}`, { throwIfNoEntry: false })
  return {
    uidMap: linesOf(rangesOf(pid, 'uid_map'), uids), gidMap: linesOf(rangesOf(pid, 'gid_map'), gids),
    setgroups: readIf(`/proc/${pid}/setgroups`).trim(),
    groups: field(readIf(`/proc/${pid}/status`), 'Groups').map((gid) => within(gids, Number(gid))),
    ...(made && { owner: { uid: within(uids, made.uid), gid: within(gids, made.gid) } }),
  }
}

/** @param ids of this process's. @returns the sandbox's */
export const idsIn = (sandboxPid: number, file: 'uid_map' | 'gid_map', ids: readonly string[]): number[] =>
  ids.map((id) => within(rangesOf(sandboxPid, file), Number(id)))

/** As this process sees them: `outside` are its own ids. */
function rangesOf(pid: number, file: string): Range[] {
  const rows = readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\n').filter(Boolean)
  return rows.map((row) => row.trim().split(/\s+/).map(Number))
    .map(([inside = 0, outside = 0, size = 0]) => ({ inside, outside, size }))
}

const linesOf = (ranges: readonly Range[], sandbox: readonly Range[]): string =>
  ranges.map(({ inside, outside, size }) => `${inside} ${within(sandbox, outside)} ${size}`).join('\n')

/** @returns the id inside for one outside; -1 if it has none */
function within(ranges: readonly Range[], id: number): number {
  const range = ranges.find(({ outside, size }) => id >= outside && id < outside + size)
  return range ? id - range.outside + range.inside : -1
}
