// exercise: become
// wrong: stays in root's group
// score: 8
// says: Gid: expected
import { capset, noNewPrivileges, setgroups, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      setgroups(groups), setresuid(uid),
      capset({ effective: [], permitted: [], inheritable: [] }), noNewPrivileges(),
    ],
  }
}
