// Root becomes somebody else, with nothing left over.
import type { Isolation } from '@pocker/syscalls'

export interface Who { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

/**
 * Root runs the plan. The program is this user, in this group and in these further groups, and in no other; `groups` may
 * be empty. Its inheritable, permitted, effective and ambient sets are empty, whatever the caller's held, and no program
 * that it executes can get more rights than it has: not even a setuid program.
 * @param uid not 0
 * @returns an isolation of steps of the child
 */
export function become({ uid, gid, groups }: Who): Isolation {
  throw new Error(`TODO: return an isolation that becomes ${uid}:${gid}, in ${groups.length} further groups`)
}
