// System V objects and queues of its own, or the machine's.
import { CLONE_NEWIPC, type Isolation } from '@pocker/syscalls'

/** @param mode private: a namespace of its own; host: the one that is there */
export function separate(mode: 'private' | 'host'): Isolation {
  return mode === 'host' ? { name: 'separate' } : { name: 'separate', flags: CLONE_NEWIPC }
}
