// A chroot that holds.
import type { Isolation } from '@pocker/syscalls'

/** The right to call chroot. @see capabilities(7) */
export const CAP_SYS_CHROOT = 18

/**
 * The container's root and working directory are this directory, and no way leads out of it. The program may be root's or
 * any user's.
 * @param root the path of a directory, which any user may enter
 * @returns an isolation whose work is done by the child
 */
export function jailed(root: string): Isolation {
  throw new Error(`TODO: return an isolation from which there is no way out of ${root}`)
}
