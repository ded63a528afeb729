// A container whose users are others outside.
import { CLONE_NEWUSER, noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

/** So many users and groups, from these on. */
export interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

/** The maps are written from outside while the child waits; only then there is a root that it can become. */
export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), setresuid(0)],
  }
}
