// A layer becomes a directory.
import type { Isolation } from '@pocker/syscalls'

export interface Entry {
  /** Within the layer, such as `etc/motd`. */
  readonly path: string
  readonly type: 'directory' | 'file' | 'symlink'
  /** Permission bits. A link has none: they are all set. */
  readonly mode: number
  /** Of a file. */
  readonly content?: string
  /** Of a link. */
  readonly target?: string
}

/**
 * Puts a layer into a directory, as overlayfs wants it. The entries are those of its archive, in their order:
 *
 *   a directory, a file or a link is made, with its mode, whatever the umask is
 *   etc/.wh.motd       says that etc/motd is gone: a character device 0:0 of that name
 *   etc/.wh..wh..opq   says that nothing of the layers below shows in etc: it has the attribute `user.overlay.opaque`, `y`
 *   a directory that has an entry has it before those that are in it; one that has none is made if it is missing: 0755
 *
 * An archive may mean harm. Wherever its names and its links lead, nothing outside the directory is made or changed: such
 * an entry ends up within the directory, or the list ends with an error. A link that leads from one place in the layer to
 * another is a usual thing, and so is an entry that comes by way of it.
 * @param layer.directory is there, and empty
 * @returns an isolation: its steps are all that a process of their own does, which ends behind them. It needs no way back.
 */
export function applied({ directory, entries }: { directory: string; entries: readonly Entry[] }): Isolation {
  throw new Error(`TODO: return an isolation that puts ${entries.length} entries into ${directory}`)
}
