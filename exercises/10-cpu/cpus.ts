// `docker run --cpus`, for both versions of control groups.
import type { Isolation } from '@pocker/syscalls'

/** A container's group: a directory that is there, in the words of version 1 or 2. */
export interface Group { readonly directory: string; readonly version: 1 | 2 }

/**
 * The container is in the group, which may use so many processors in each period of 100 ms.
 * @param count such as 0.5 or 1.5
 * @returns an isolation whose work is done by the child
 * @throws {Error} `count: expected a number of at least 0.01, got 0`, if it is less
 */
export function cpus(group: Group, count: number): Isolation {
  throw new Error(`TODO: return an isolation that gives ${group.directory} ${count} processors`)
}
