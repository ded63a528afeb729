// exercise: separate
// wrong: makes a namespace for host, too
// score: 3
// says: expected the IPC namespace of the machine, got a new one
import { CLONE_NEWIPC, type Isolation } from '@pocker/syscalls'

export function separate(_mode: 'private' | 'host'): Isolation {
  return { name: 'separate', flags: CLONE_NEWIPC }
}
