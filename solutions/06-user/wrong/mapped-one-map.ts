// exercise: mapped
// wrong: takes the users' ids for the groups
// score: 5
// says: gid_map: expected 0
import { CLONE_NEWUSER, noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${uid} ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), setresuid(0)],
  }
}
