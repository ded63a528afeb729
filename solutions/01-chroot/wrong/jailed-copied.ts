// exercise: jailed
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/chroot: write it yourself
import { closeOnExecFrom, dropBounding, type Isolation } from '@pocker/syscalls'
import { chroot } from '@pocker/chroot'

export const jailed = (path: string): Isolation =>
  ({ name: 'jailed', child: [closeOnExecFrom(3), ...chroot({ path }).child ?? [], dropBounding(18)] })
