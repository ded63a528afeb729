// exercise: rootless
// wrong: takes the ranges of the users for the groups
// score: 7
// says: gid_map: expected 0
import { CLONE_NEWUSER, noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly name: string; readonly uid: number; readonly gid: number }

export function rootless({ name, uid, gid }: Who, subuid: string, subgid: string): Isolation {
  const [uids, gids] = [subuid, subgid].map((file) => rangesOf(file, name, uid)) as [Range[], Range[]]
  const alone = uids.length === 0 || gids.length === 0
  return {
    name: 'rootless',
    flags: CLONE_NEWUSER,
    beside: [
      ...(alone ? [{ path: '/proc/{pid}/setgroups', data: 'deny' }] : []),
      { path: '/proc/{pid}/uid_map', data: mapOf(uid, alone ? [] : uids) },
      { path: '/proc/{pid}/gid_map', data: mapOf(gid, alone ? [] : uids) },
    ],
    child: [...(alone ? [] : [noGroups()]), setresgid(0), setresuid(0)],
  }
}

type Range = readonly [first: number, count: number]

/** Both files name users. */
function rangesOf(file: string, name: string, uid: number): Range[] {
  return file.split('\n').map((line) => line.split(':'))
    .filter(([owner]) => owner === name || owner === String(uid))
    .map(([, first, count]) => [Number(first), Number(count)])
}

/** Root is `own`; what follows begins where the range before has ended. */
function mapOf(own: number, ranges: readonly Range[]): string {
  let next = 0
  return ([[own, 1], ...ranges] as Range[]).map(([first, count]) => {
    const line = `${next} ${first} ${count}\n`
    next += count
    return line
  }).join('')
}
