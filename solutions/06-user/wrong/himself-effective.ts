// exercise: himself
// wrong: changes the effective user only
// score: 5
// says: an id that is left is a way back
import { CLONE_NEWUSER, noGroups, setresgid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly first: number; readonly size: number }

export function himself({ uid, gid, first, size }: Who): Isolation {
  return {
    name: 'himself',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: map(uid, first, size) },
      { path: '/proc/{pid}/gid_map', data: map(gid, first, size) },
    ],
    child: [noGroups(), setresgid(gid), { call: 'setresuid', args: [-1, uid, uid] }],
  }
}

/** Those below him, himself, and those above him: the kernel takes no empty range. */
const map = (id: number, first: number, size: number): string =>
  [[0, first, id], [id, id, 1], [id + 1, first + id, size - id - 1]]
    .filter(([, , count = 0]) => count > 0).map((line) => `${line.join(' ')}\n`).join('')
