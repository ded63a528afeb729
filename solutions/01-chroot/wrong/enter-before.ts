// exercise: enter
// wrong: changes the root of the process in between
// score: 4
// says: the process in between has another root, too
import { because, chdir, chroot, SpecError, type Isolation } from '@pocker/syscalls'

/** @throws {SpecError} if it is empty or holds a NUL byte */
export function enter(root: string): Isolation {
  if (!root || root.includes('\0')) {
    throw new SpecError(`root: expected the path of a directory, got ${JSON.stringify(root)}`)
  }
  return {
    name: 'enter',
    before: [chroot(root), because('or the working directory would still be outside', chdir('/'))],
  }
}
