// A root directory. chroot(2) changes what / means for one process and its children.
//
//   chroot({ path: './rootfs' })   → the isolation
//   escape(depth)                  → the calls with which root leaves a chroot again
//
// Invariant: the working directory moves into the new root together with it; outside it, every .. would lead back.
import { because, chdir, chroot as chrootTo, mayFail, mkdir, SpecError, type Isolation, type Syscall } from '@pocker/syscalls'

/** The slice of the OCI runtime spec that this chapter reads. @see config.md, Root */
export interface Root { readonly path: string }

/**
 * @param root.path a directory, as the parent names it
 * @throws {SpecError} if the path is empty or holds a NUL byte
 */
// region chroot
export function chroot(root: Root): Isolation {
  if (!root.path || root.path.includes('\0')) {
    throw new SpecError(`root.path: expected the path of a directory, got ${JSON.stringify(root.path)}`)
  }
  return {
    name: 'chroot',
    child: [
      because('from here on, / is this directory', chrootTo(root.path)),
      because('or the working directory would still be outside', chdir('/')),
    ],
  }
}
// endregion

/**
 * The classic way out of a chroot, for a process that may call chroot(2) itself: a second chroot moves the root below the
 * working directory, which then stands outside of it, and nothing stops `..` there.
 * @param depth how many directories to climb; more than there are is harmless, since `/..` is `/`
 * @see chroot(2), NOTES
 */
// region escape
export function escape(depth = 64): Isolation {
  const climb: Syscall[] = Array.from({ length: depth }, () => chdir('..'))
  return {
    name: 'escape',
    child: [
      mayFail(because('a directory to move the root to', mkdir('jail', 0o700))),
      because('the root moves down, the working directory stays above it', chrootTo('jail')),
      ...climb,
      because('the host\'s root is the root again', chrootTo('.')),
    ],
  }
}
// endregion
