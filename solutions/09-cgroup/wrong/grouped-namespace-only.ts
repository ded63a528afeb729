// exercise: grouped
// wrong: takes the namespace for the group
// score: 2
// says: of every hierarchy, got / in
import { CLONE_NEWCGROUP, unshare, type Isolation } from '@pocker/syscalls'

export function grouped(_directories: readonly string[]): Isolation {
  return { name: 'grouped', child: [unshare(CLONE_NEWCGROUP)] }
}
