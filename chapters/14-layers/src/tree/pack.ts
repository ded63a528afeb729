// Files become the entries of a layer.
//
//   packed('.', 'files')                    → members: all that is there
//   packed('upper', 'overlay')              → members: what changed, as OCI says it; overlayfs's own marks are translated
//   packed('copy', 'files', changes)        → members: what changed, where all of it had been copied
//
// Invariant: the same files, the same members in the same order, whatever their inode numbers are.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { ArchiveError, type Entry } from '../tar/entry.ts'
import type { Member } from '../tar/read.ts'
import { at, walk, type Found } from './walk.ts'
import { parentOf, type Change } from './compare.ts'
import { checkName, isOpaque, isWhiteout, OPAQUE, whiteoutName, withoutMarks, type Notation } from './whiteout.ts'

const CHUNK = 1024 * 1024

// region packed
export function* packed(top: string, notation: Notation, changes?: readonly Change[]): Generator<Member, void> {
  const names = new Map<string, string>()
  const wanted = changes && wantedOf(changes)
  for (const found of walk(top)) {
    const { entry } = found
    if (wanted && !wanted.has(bare(entry.path))) continue
    checkName(bare(entry.path))
    if (notation !== 'files' && isWhiteout(entry)) {
      yield marker(whiteoutName(entry.path), entry)
      continue
    }
    yield memberOf(top, { ...found, entry: { ...entry, xattrs: withoutMarks(entry.xattrs) } }, names)
    if (notation !== 'files' && isOpaque(entry, notation)) yield marker(entry.path + OPAQUE, entry)
  }
  for (const { kind, path } of changes ?? []) if (kind === 'gone') yield marker(whiteoutName(path), { mtime: 0n })
}
// endregion

const bare = (path: string): string => path.replace(/\/$/, '')

/** The directories around it, too: otherwise whoever unpacks it must guess whose they are. */
function wantedOf(changes: readonly Change[]): ReadonlySet<string> {
  const wanted = new Set<string>()
  for (const { kind, path } of changes) {
    if (kind !== 'gone') wanted.add(path)
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) wanted.add(parent)
  }
  return wanted
}

/** @param mtime as the file had that stands for it: a digest must not depend on when it was made */
const marker = (path: string, { mtime }: Pick<Entry, 'mtime'>): Member => ({
  entry: { path, type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtime, target: '', major: 0, minor: 0, xattrs: {} },
  data: nothing,
})

async function* nothing(): AsyncGenerator<Buffer, void> {}

/** @param names by inode, where one file has several: all but the first are links to it */
function memberOf(top: string, { entry, inode, names: count }: Found, names: Map<string, string>): Member {
  const first = entry.type === 'directory' || count === 1 ? undefined : names.get(inode)
  if (first !== undefined) return { entry: { ...entry, type: 'link', target: first, size: 0, xattrs: {} }, data: nothing }
  names.set(inode, entry.path)
  return { entry, data: () => content(top, entry) }
}

/** Exactly as many bytes as were announced: a file that somebody writes to may have others by now. */
async function* content(top: string, { path, type, size }: Entry): AsyncGenerator<Buffer, void> {
  if (type !== 'file' || size === 0) return
  const fd = openSync(at(top, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!fstatSync(fd).isFile()) throw new ArchiveError(`${JSON.stringify(path)}: expected the file that was there, got another`)
    for (let missing = size; missing > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, missing))
      const length = readSync(fd, chunk)
      if (length === 0) throw new ArchiveError(`${JSON.stringify(path)}: expected ${size} bytes, got ${size - missing}`)
      missing -= length
      yield chunk.subarray(0, length)
    }
  } finally {
    closeSync(fd)
  }
}
