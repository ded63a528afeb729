// Limits of memory and swap, in the words of two versions.
import type { Isolation } from '@pocker/syscalls'

/** A container's group: a directory that is there, in the words of version 1 or 2. */
export interface Group { readonly directory: string; readonly version: 1 | 2 }

export interface Bytes {
  readonly memory: number
  /** Memory and swap together, as `docker run --memory-swap` takes it; -1 for any amount of swap. */
  readonly together: number
}

/**
 * The container may use so much memory, and so much swap besides.
 * @param group whose limits are set, and which the container enters
 * @returns an isolation whose work is done by the child
 * @throws {Error} `together: expected at least 33554432, got 16777216`, if it is less than memory, and not -1
 */
export function limited(group: Group, bytes: Bytes): Isolation {
  throw new Error(`TODO: return an isolation that gives ${group.directory} ${bytes.memory} bytes of memory`)
}
