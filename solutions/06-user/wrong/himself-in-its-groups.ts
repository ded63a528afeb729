// exercise: himself
// wrong: stays in the groups of whoever started it
// score: 5
// says: expected no further group, got the machine's group 0
import { CLONE_NEWUSER, setresgid, setresuid, type Isolation } from '@pocker/syscalls'

interface Who { readonly uid: number; readonly gid: number; readonly first: number; readonly size: number }

export function himself({ uid, gid, first, size }: Who): Isolation {
  return {
    name: 'himself',
    flags: CLONE_NEWUSER,
    beside: [
      { path: '/proc/{pid}/uid_map', data: map(uid, first, size) },
      { path: '/proc/{pid}/gid_map', data: map(gid, first, size) },
    ],
    child: [setresgid(gid), setresuid(uid)],
  }
}

/** Those below him, himself, and those above him: the kernel takes no empty range. */
const map = (id: number, first: number, size: number): string =>
  [[0, first, id], [id, id, 1], [id + 1, first + id, size - id - 1]]
    .filter(([, , count = 0]) => count > 0).map((line) => `${line.join(' ')}\n`).join('')
