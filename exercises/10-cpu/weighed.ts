// `docker run --cpu-shares`, for both versions of control groups.
import type { Isolation } from '@pocker/syscalls'

/** A container's group: a directory that is there, in the words of version 1 or 2. */
export interface Group { readonly directory: string; readonly version: 1 | 2 }

/**
 * The container is in the group, which has so many shares of the processors.
 * @param shares a whole number; what is less than 2 counts as 2, what is more than 262144 as 262144
 * @returns an isolation whose work is done by the child
 */
export function weighed(group: Group, shares: number): Isolation {
  throw new Error(`TODO: copy the function of README.md, and mend it: ${group.directory} should have ${shares} shares`)
}
