// exercise: mapped
// wrong: writes the ids outside first
// score: 0
// says: a step failed: setresgid(0, 0, 0): EINVAL
import { CLONE_NEWUSER, noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `${uid} 0 ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `${gid} 0 ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), setresuid(0)],
  }
}
