// exercise: first
// wrong: hopes for the best
// score: 0
// says: in the container's oom_score_adj, got
import type { Isolation } from '@pocker/syscalls'

export const first = (_points: number): Isolation => ({ name: 'first' })
