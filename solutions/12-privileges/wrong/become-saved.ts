// exercise: become
// wrong: leaves root as the saved user, so the ambient set is not emptied
// score: 7
// says: in the
import { noNewPrivileges, setgroups, setresgid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [setgroups(groups), setresgid(gid), { call: 'setresuid', args: [uid, uid, 0] }, noNewPrivileges()],
  }
}
