// exercise: become
// wrong: empties the capabilities first, and with them the right to change the user
// score: 0
// says: a step failed: setgroups(
import { capset, noNewPrivileges, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      capset({ effective: [], permitted: [], inheritable: [] }),
      setgroups(groups), setresgid(gid), setresuid(uid), noNewPrivileges(),
    ],
  }
}
