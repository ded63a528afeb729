// exercise: mapped
// wrong: maps, and becomes nobody
// score: 4
// says: expected a file made inside to belong to
import { CLONE_NEWUSER, noGroups, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [noGroups()],
  }
}
