// exercise: separate
// wrong: never makes a namespace
// score: 2
// says: CLONE_NEWIPC is missing: the container sees the segments of the machine
import type { Isolation } from '@pocker/syscalls'

export function separate(_mode: 'private' | 'host'): Isolation {
  return { name: 'separate' }
}
