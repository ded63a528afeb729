// exercise: mapped
// wrong: gives up setgroups, and calls it then
// score: 0
// says: a step failed: setgroups(0, NULL): EPERM
import { CLONE_NEWUSER, noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/setgroups', data: 'deny' },
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), setresuid(0)],
  }
}
