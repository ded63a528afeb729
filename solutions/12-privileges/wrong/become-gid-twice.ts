// exercise: become
// wrong: takes the group's number for the user, too
// score: 7
// says: Uid: expected
import { capset, noNewPrivileges, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      setgroups(groups), setresgid(gid), setresuid(gid),
      capset({ effective: [], permitted: [], inheritable: [] }), noNewPrivileges(),
    ],
  }
}
