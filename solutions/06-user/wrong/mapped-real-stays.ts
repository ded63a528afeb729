// exercise: mapped
// wrong: changes the effective user only, and stays root of the machine beside him
// score: 4
// says: the real user counts, too
import { CLONE_NEWUSER, noGroups, setresgid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), { call: 'setresuid', args: [-1, 0, 0] }],
  }
}
