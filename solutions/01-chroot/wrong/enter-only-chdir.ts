// exercise: enter
// wrong: goes to the directory, and leaves the root as it is
// score: 4
// says: / is another directory
import { chdir, SpecError, type Isolation } from '@pocker/syscalls'

/** @throws {SpecError} if it is empty or holds a NUL byte */
export function enter(root: string): Isolation {
  if (!root || root.includes('\0')) {
    throw new SpecError(`root: expected the path of a directory, got ${JSON.stringify(root)}`)
  }
  return {
    name: 'enter',
    child: [chdir(root)],
  }
}
