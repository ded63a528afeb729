// A user who is himself in his container, and nobody else is.
import type { Isolation } from '@pocker/syscalls'

export interface Who {
  /** His numbers, inside and outside: less than `size`. */
  readonly uid: number
  readonly gid: number
  /** Where the numbers outside begin that all the others have, users and groups alike. */
  readonly first: number
  /** The container has the users and groups 0 to size - 1. */
  readonly size: number
}

/**
 * User and group `uid` and `gid` of the container are the same outside. The others are the numbers from `first` on, in order
 * and without a gap. Root runs the plan; the program is this user.
 * @returns an isolation that says what is written beside it
 */
export function himself(who: Who): Isolation {
  throw new Error(`TODO: return an isolation in which ${who.uid} is himself, and 0 is ${who.first}`)
}
