// exercise: mapped
// wrong: maps root alone of all users
// score: 4
// says: uid_map: expected 0
import { CLONE_NEWUSER, noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} 1\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), setresuid(0)],
  }
}
