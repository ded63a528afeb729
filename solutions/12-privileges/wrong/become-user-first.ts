// exercise: become
// wrong: changes the user first, who may then change nothing
// score: 0
// says: EPERM
import { capset, noNewPrivileges, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      setresuid(uid), setresgid(gid), setgroups(groups),
      capset({ effective: [], permitted: [], inheritable: [] }), noNewPrivileges(),
    ],
  }
}
