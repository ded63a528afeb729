// exercise: masked
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/mount: write it yourself
import { mounts } from '@pocker/mount'
import type { Isolation } from '@pocker/syscalls'

export const masked = (paths: readonly string[]): Isolation =>
  mounts({ root: { path: '/' }, mounts: paths.map((destination) => ({ destination, type: 'tmpfs', options: ['ro'] })) })
