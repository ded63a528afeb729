// What a layer takes away. In an archive these are empty files with a name of their own; overlayfs has a device and an attribute.
//
//   whiteoutOf('etc/.wh.motd')        → { gone: 'etc/motd' }       whiteoutName('etc/motd')   → 'etc/.wh.motd'
//   whiteoutOf('etc/.wh..wh..opq')    → { opaque: 'etc' }
//
// @see OCI image spec, layer.md, "Whiteouts"; kernel, Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"
import { posix } from 'node:path'
import { ArchiveError, type Entry } from '../tar/entry.ts'
import type { Attributes } from './attributes.ts'

const PREFIX = '.wh.'
/** Whatever is in this directory hides what the layers below have there. */
export const OPAQUE = '.wh..wh..opq'
/** The storage of aufs itself, which was never meant to be in a layer. */
const AUFS = '.wh..wh.'

export type Whiteout = { readonly gone: string } | { readonly opaque: string } | 'of aufs'

// region whiteoutOf
/** @param path clean, without a slash at either end. @returns undefined for any other file */
export function whiteoutOf(path: string): Whiteout | undefined {
  const [dir, base] = [posix.dirname(path), posix.basename(path)]
  if (base === OPAQUE) return { opaque: dir }
  if (path.split('/').some((name) => name.startsWith(AUFS))) return 'of aufs'
  if (!base.startsWith(PREFIX)) return undefined
  const name = base.slice(PREFIX.length)
  if (['', '.', '..'].includes(name)) throw new ArchiveError(`path: expected a name behind ${PREFIX}, got ${JSON.stringify(path)}`)
  return { gone: posix.join(dir, name) }
}
// endregion

export function whiteoutName(path: string): string {
  const at = path.replace(/\/$/, '').lastIndexOf('/') + 1
  return `${path.slice(0, at)}${PREFIX}${path.slice(at).replace(/\/$/, '')}`
}

/** @throws {ArchiveError} if a file has a name that takes another one away */
export function checkName(path: string): void {
  if (!posix.basename(path).startsWith(PREFIX)) return
  throw new ArchiveError(`${JSON.stringify(path)}: expected a name that does not begin with ${PREFIX}, which in a layer says that `
    + 'a file is gone; rename it')
}

/** How a directory keeps it: for overlayfs to read, or as files that are no longer there. */
export type Notation = 'overlay' | 'overlay, in a user namespace' | 'files'

/** The attribute that makes overlayfs not look below a directory. */
export const OPAQUE_ATTRIBUTE: Readonly<Record<Exclude<Notation, 'files'>, string>> =
  { 'overlay': 'trusted.overlay.opaque', 'overlay, in a user namespace': 'user.overlay.opaque' }

export const isWhiteout = ({ type, major, minor }: Entry): boolean => type === 'character' && major === 0 && minor === 0

export const isOpaque = ({ type, xattrs }: Entry, notation: Exclude<Notation, 'files'>): boolean =>
  type === 'directory' && xattrs[OPAQUE_ATTRIBUTE[notation]]?.toString() === 'y'

/**
 * Overlayfs writes more than that one: where a file came from, for example. No layer has any; nor what belongs to one machine, as
 * umoci has it: the label by its policy, the list of its server.
 */
const MARKS = /^((trusted|user)\.overlay\.|security\.selinux$|system\.nfs4_acl$)/
export const withoutMarks = (xattrs: Attributes): Attributes =>
  Object.fromEntries(Object.entries(xattrs).filter(([name]) => !MARKS.test(name)))
