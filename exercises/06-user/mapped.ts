// A container whose users are others outside.
import type { Isolation } from '@pocker/syscalls'

/** So many users and groups, from these on. */
export interface Ids { readonly uid: number; readonly gid: number; readonly size: number }

/**
 * The users 0 to size - 1 of the container are, outside, those from `uid` on; its groups those from `gid` on. Root runs
 * the plan. The program is root of the container, user and group, and in no other group.
 * @returns an isolation of a flag, of what the parent writes while the child waits, and of the child's steps
 */
export function mapped({ uid, gid, size }: Ids): Isolation {
  throw new Error(`TODO: return an isolation with ${size} users from ${uid} on, and groups from ${gid} on`)
}
