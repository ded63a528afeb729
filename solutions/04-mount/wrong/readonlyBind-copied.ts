// exercise: readonlyBind
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/mount: write it yourself
import { mounts } from '@pocker/mount'
import type { Isolation } from '@pocker/syscalls'

export const readonlyBind = ({ source, target }: { source: string; target: string }): Isolation =>
  mounts({ root: { path: '/' }, mounts: [{ destination: target, source, options: ['bind', 'ro'] }] })
