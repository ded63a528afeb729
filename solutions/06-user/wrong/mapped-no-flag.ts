// exercise: mapped
// wrong: forgets the namespace
// score: 0
// says: a step failed: write("/proc/{pid}/uid_map"
import { noGroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

export function mapped({ uid, gid, size }: Ids): Isolation {
  return {
    name: 'mapped',
    beside: [
      { path: '/proc/{pid}/uid_map', data: `0 ${uid} ${size}\n` },
      { path: '/proc/{pid}/gid_map', data: `0 ${gid} ${size}\n` },
    ],
    child: [noGroups(), setresgid(0), setresuid(0)],
  }
}
