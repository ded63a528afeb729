// exercise: become
// wrong: leaves the inheritable set as it is
// score: 7
// says: in the inheritable set
import { noNewPrivileges, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [setgroups(groups), setresgid(gid), setresuid(uid), noNewPrivileges()],
  }
}
