// exercise: shifted
// wrong: hopes for the best
// score: 0
// says: the container is in the machine's time namespace
import type { Isolation } from '@pocker/syscalls'

export const shifted = (_secs: number): Isolation => ({ name: 'shifted' })
