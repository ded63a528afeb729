// Shared memory that has a name: /dev/shm.
import type { Isolation } from '@pocker/syscalls'

/**
 * A file system in memory, which only the container sees. Every user may make files in it, and no program is executed from
 * there.
 * @param at an absolute path of a directory that is there
 * @param bytes how much fits into it: a number of whole MiB
 */
export function shm(at: string, bytes: number): Isolation {
  throw new Error(`TODO: return an isolation that mounts ${bytes} bytes of memory at ${at}`)
}
