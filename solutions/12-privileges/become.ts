// Root becomes somebody else, with nothing left over.
import { because, capset, noNewPrivileges, setgroups, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

export interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

/** Each step needs a right that a later one takes away. */
export function become({ uid, gid, groups }: Who): Isolation {
  return {
    name: 'become',
    child: [
      because('while there is CAP_SETGID; an empty list leaves all', setgroups(groups)),
      setresgid(gid),
      because('which empties the permitted, effective and ambient sets', setresuid(uid)),
      because('and this the inheritable one', capset({ effective: [], permitted: [], inheritable: [] })),
      because('no setuid program brings anything back', noNewPrivileges()),
    ],
  }
}
