// exercise: become
// wrong: leaves all groups, and enters none
// score: 8
// says: got none
import { capset, noGroups, noNewPrivileges, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid }: Who): Isolation {
  return {
    name: 'become',
    child: [
      noGroups(), setresgid(gid), setresuid(uid),
      capset({ effective: [], permitted: [], inheritable: [] }), noNewPrivileges(),
    ],
  }
}
