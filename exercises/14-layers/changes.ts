// What has changed, as a layer.
import type { Isolation } from '@pocker/syscalls'

export interface Node {
  readonly type: 'directory' | 'file' | 'symlink'
  /** Permission bits. A link has none: they are all set. */
  readonly mode: number
  /** Of a file. */
  readonly content?: string
  /** Of a link. */
  readonly target?: string
}
/** By path, such as `etc/motd`. Every directory on the way has an entry. */
export type Listing = Readonly<Record<string, Node>>

/**
 * Fills a directory, so that overlayfs shows `after` when the directory lies on top of `before`. What is only below has to be
 * covered by a character device 0:0.
 *
 * In the directory is what it takes, and no more: what is the same in both is not there, but for the directories on the way to
 * something that is not. What covers a directory covers all that is in it.
 * @param layer.directory is there, and empty
 * @returns an isolation: its steps are all that a process of their own does, which ends behind them
 */
export function changes({ directory, before, after }: { directory: string; before: Listing; after: Listing }): Isolation {
  throw new Error(`TODO: fill ${directory} so that ${Object.keys(before).length} files become ${Object.keys(after).length}`)
}
