// exercise: limited
// wrong: hopes for the best
// score: 0
// says: expected the container in the group /box, got /
import type { Isolation } from '@pocker/syscalls'

export const limited = (_group: object, _bytes: object): Isolation => ({ name: 'limited' })
