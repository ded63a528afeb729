// exercise: separate
// wrong: takes the names away as well
// score: 3
// says: expected no other new namespace, got uts
import { CLONE_NEWIPC, CLONE_NEWUTS, type Isolation } from '@pocker/syscalls'

export function separate(mode: 'private' | 'host'): Isolation {
  return mode === 'host' ? { name: 'separate' } : { name: 'separate', flags: CLONE_NEWIPC | CLONE_NEWUTS }
}
