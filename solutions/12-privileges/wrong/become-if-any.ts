// exercise: become
// wrong: calls setgroups only if there is a group to set
// score: 8
// says: the caller's
import { capset, noNewPrivileges, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      ...(groups.length > 0 ? [setgroups(groups)] : []), setresgid(gid), setresuid(uid),
      capset({ effective: [], permitted: [], inheritable: [] }), noNewPrivileges(),
    ],
  }
}
