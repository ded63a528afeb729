// System V objects and queues of its own, or the machine's.
import type { Isolation } from '@pocker/syscalls'

/**
 * @param mode private: a namespace of its own; host: the one that is there
 * @returns an isolation that decides this, and changes nothing else
 */
export function separate(mode: 'private' | 'host'): Isolation {
  throw new Error(`TODO: return an isolation for the mode ${mode}`)
}
