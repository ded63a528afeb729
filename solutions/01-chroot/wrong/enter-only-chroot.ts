// exercise: enter
// wrong: forgets the working directory
// score: 3
// says: the working directory is another one
import { chroot, SpecError, type Isolation } from '@pocker/syscalls'

/** @throws {SpecError} if it is empty or holds a NUL byte */
export function enter(root: string): Isolation {
  if (!root || root.includes('\0')) {
    throw new SpecError(`root: expected the path of a directory, got ${JSON.stringify(root)}`)
  }
  return {
    name: 'enter',
    child: [chroot(root)],
  }
}
