// exercise: enter
// wrong: goes to / while that is still the machine's root
// score: 3
// says: the working directory is another one
import { chdir, chroot, SpecError, type Isolation } from '@pocker/syscalls'

/** @throws {SpecError} if it is empty or holds a NUL byte */
export function enter(root: string): Isolation {
  if (!root || root.includes('\0')) {
    throw new SpecError(`root: expected the path of a directory, got ${JSON.stringify(root)}`)
  }
  return {
    name: 'enter',
    child: [chdir('/'), chroot(root)],
  }
}
