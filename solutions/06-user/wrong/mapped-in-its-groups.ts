// exercise: mapped
// wrong: stays in the groups of whoever started it
// score: 5
// says: expected no further group, got the machine's group 0
import { CLONE_NEWUSER, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [setresgid(0), setresuid(0)],
  }
}
