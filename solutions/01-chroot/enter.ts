// A root of its own.
import { because, chdir, chroot, SpecError, type Isolation } from '@pocker/syscalls'

/** @throws {SpecError} if it is empty or holds a NUL byte */
export function enter(root: string): Isolation {
  if (!root || root.includes('\0')) {
    throw new SpecError(`root: expected the path of a directory, got ${JSON.stringify(root)}`)
  }
  return {
    name: 'enter',
    child: [chroot(root), because('or the working directory would still be outside', chdir('/'))],
  }
}
