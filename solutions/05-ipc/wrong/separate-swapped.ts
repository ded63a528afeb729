// exercise: separate
// wrong: has the two modes the wrong way round
// score: 1
// says: CLONE_NEWIPC is missing
import { CLONE_NEWIPC, type Isolation } from '@pocker/syscalls'

export function separate(mode: 'private' | 'host'): Isolation {
  return mode === 'private' ? { name: 'separate' } : { name: 'separate', flags: CLONE_NEWIPC }
}
