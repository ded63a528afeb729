// exercise: become
// wrong: forgets setuid programs
// score: 7
// says: NoNewPrivs: expected 1, got 0
import { capset, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      setgroups(groups), setresgid(gid), setresuid(uid),
      capset({ effective: [], permitted: [], inheritable: [] }),
    ],
  }
}
