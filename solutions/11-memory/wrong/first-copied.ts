// exercise: first
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/memory: write it yourself
import { oomScore } from '@pocker/memory'
import type { Isolation } from '@pocker/syscalls'

export const first = (points: number): Isolation => oomScore(points)
