// Directories on top of each other.
import type { Isolation } from '@pocker/syscalls'

export interface Stack {
  /** Directories, the uppermost first. Their names may have any letter, also `:` and `,`. */
  readonly lowers: readonly string[]
  /** A directory where changes go, and an empty one beside it for the kernel. Without them nothing can be changed. */
  readonly upper?: string
  readonly work?: string
  /** The directory at which the container sees them. */
  readonly target: string
}

/**
 * The container, and nobody else, sees the directories on top of each other at `target`. No lower one ever changes.
 *
 * The sandbox is in a user namespace. There overlayfs keeps its marks in attributes that begin with `user.overlay.`, if the
 * option `userxattr` is among its options; those that begin with `trusted.` are closed to it.
 * @param stack with `upper` and `work`, or with two lowers or more
 */
export function stacked({ lowers, target }: Stack): Isolation {
  throw new Error(`TODO: return an isolation that shows ${lowers.length} directories at ${target}`)
}
