// An archive becomes files, in a process whose root is the directory they go to: no name leads out of it, whatever it says.
//
//   await apply(source, { notation: 'overlay', lowers: [5, 6] })   → { entries, bytes }
//
// As tar does it: what stands in the way goes, but a directory stays one; parents that are missing are made. Times and attributes
// of directories come last: every file in them changes the times, and would inherit a default ACL.
// Invariant: what is made has the owner, mode, times and attributes of its entry, or an error names the entry.
import {
  chmodSync, closeSync, constants, existsSync, fchmodSync, fchownSync, fstatSync, ftruncateSync, lchownSync, linkSync, lstatSync,
  lutimesSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeSync,
} from 'node:fs'
import { posix } from 'node:path'
import {
  call, callAll, decodeName, encodeName, makeNode, OPEN_HOW, O_CLOEXEC, O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS, setTimes,
  SyscallError, S_IFBLK, S_IFCHR, S_IFIFO,
} from '@pocker/syscalls'
import type { Digest } from '../content/digest.ts'
import type { Source } from '../tar/blocks.ts'
import { ArchiveError, type Entry, type EntryType } from '../tar/entry.ts'
import { readTar, type Member } from '../tar/read.ts'
import { setAttributes } from './attributes.ts'
import { makedev } from './walk.ts'
import { OPAQUE_ATTRIBUTE, whiteoutOf, withoutMarks, type Notation } from './whiteout.ts'

export interface Applied {
  readonly entries: number
  /** Of its files, holes included. */
  readonly bytes: number
  /** Of the archive, uncompressed; where there was one. */
  readonly diffId?: Digest
}

export interface Where {
  readonly notation: Notation
  /** Descriptors of the layers below, the uppermost first: a directory that this layer does not describe is as it is there. */
  readonly lowers: readonly number[]
}

/** @throws {ArchiveError} what was made so far stays: whoever asked takes the directory away */
export async function apply(source: Source, where: Where): Promise<Applied> {
  const tree = new Tree(where)
  tree.begin()
  let [entries, bytes] = [0, 0]
  for await (const member of readTar(source)) {
    try {
      await tree.add(member)
    } catch (error) {
      throw named(error, member.entry)
    }
    entries++
    bytes += member.entry.size
  }
  tree.finish()
  return { entries, bytes }
}

/** Says which entry is at fault. */
function named(error: unknown, { path, uid, gid }: Entry): unknown {
  if (error instanceof ArchiveError) return error
  const { code, message, syscall } = error as NodeJS.ErrnoException
  const why = code === 'EINVAL' && syscall?.endsWith('chown')
    ? `expected a user and a group that this user namespace has, got ${uid}:${gid}; see /etc/subuid and /etc/subgid`
    : code ?? message
  return new ArchiveError(`${JSON.stringify(path)}: ${why}`, { cause: error })
}

/** @returns the path within the root, without a slash at either end; '' is the root. @throws {ArchiveError} if it has `..` */
function clean(what: string, path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new ArchiveError(`${what}: expected a path within the layer, got ${JSON.stringify(path)}`)
  return parts.join('/')
}

const O_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const NANO = 1_000_000_000n
const DIRECTORY_MODE = 0o755

/** In the root of this process. */
class Tree {
  readonly #notation: Notation
  readonly #lowers: readonly number[]
  /** What this layer has itself, at one time or another: an opaque directory hides only what others put there. */
  readonly #own = new Set<string>()
  readonly #directories = new Map<string, Entry>()
  /** Directories that are known to be there. */
  readonly #there = new Set([''])

  constructor({ notation, lowers }: Where) {
    this.#notation = notation
    this.#lowers = lowers
  }

  begin(): void {
    this.#asBelow('.')
  }

  async add({ entry, data }: Member): Promise<void> {
    const path = clean('path', entry.path)
    if (path === '') return this.#root(entry)
    const whiteout = whiteoutOf(path)
    if (whiteout === 'of aufs') return
    this.#parents(path)
    if (whiteout && 'opaque' in whiteout) return this.#opaque(whiteout.opaque)
    if (whiteout) return this.#gone(whiteout.gone)
    if (entry.type === 'directory') this.#anew(path)
    this.#makeRoom(path, entry.type)
    this.#own.add(path)
    if (await MAKE[entry.type](path, entry, data) === 'left out') return
    if (entry.type === 'directory') this.#there.add(path)
    if (entry.type === 'link') return
    if (entry.type !== 'file') owned(path, entry)
    if (entry.type === 'directory') this.#directories.set(path, entry)
    else finished(path, entry)
  }

  finish(): void {
    for (const [path, entry] of this.#directories) {
      try {
        if (isDirectory(path)) finished(path, entry)
      } catch (error) {
        throw named(error, entry)
      }
    }
  }

  #root(entry: Entry): void {
    if (entry.type !== 'directory') throw new ArchiveError(`path: expected the root to be a directory, got a ${entry.type}`)
    owned('.', entry)
    this.#directories.set('.', entry)
  }

  /** A layer may have files in a directory that only those below it have. */
  #parents(path: string): void {
    const parent = posix.dirname(path)
    if (parent === '.' || this.#there.has(parent)) return
    this.#parents(parent)
    this.#anew(parent)
    if (!existsSync(at(parent))) {
      mkdirSync(at(parent), DIRECTORY_MODE)
      this.#asBelow(parent)
    }
    this.#there.add(parent)
    this.#own.add(parent)
  }

  /** A directory in the place of a whiteout: what the layers below have in it stays gone. */
  #anew(path: string): void {
    const found = this.#notation === 'files' ? undefined : lstatSync(at(path), { throwIfNoEntry: false })
    if (!found?.isCharacterDevice() || found.rdev !== 0) return
    this.#remove(path)
    mkdirSync(at(path), DIRECTORY_MODE)
    this.#opaque(path)
  }

  /** A directory that the layer itself does not describe: whose it is, and for whom. */
  #asBelow(path: string): void {
    for (const lower of this.#lowers) {
      const found = directoryIn(lower, path)
      if (found === undefined) continue
      if (found === 'no directory') return
      lchownSync(at(path), found.uid, found.gid)
      chmodSync(at(path), found.mode)
      return
    }
  }

  #makeRoom(path: string, type: EntryType): void {
    const found = lstatSync(at(path), { throwIfNoEntry: false })
    if (!found || (found.isDirectory() && type === 'directory')) return
    this.#remove(path)
  }

  #remove(path: string): void {
    if (isDirectory(path)) this.#there.clear() // it, and those below it; looking for them among all would take too long
    rmSync(at(path), { recursive: true, force: true })
  }

  #gone(path: string): void {
    this.#remove(path)
    if (this.#notation !== 'files') callAll([makeNode(path, S_IFCHR, 0)])
  }

  #opaque(path: string): void {
    if (this.#notation !== 'files') return setAttributes(path, { [OPAQUE_ATTRIBUTE[this.#notation]]: Buffer.from('y') })
    for (const name of readdirSync(at(path), { encoding: 'buffer' })) {
      const below = posix.join(path, decodeName(name))
      if (!this.#own.has(below)) this.#remove(below)
      else if (isDirectory(below)) this.#opaque(below)
    }
  }
}

/** A path as bytes, which is what a file system has. */
const at = (path: string): Buffer => encodeName(path)

/** Not a link to one; and none if another file has taken the place of one above it. */
function isDirectory(path: string): boolean {
  try {
    return lstatSync(at(path)).isDirectory()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** @returns what is there, and no link led to it; a whiteout is no directory; undefined where a lower one decides */
function directoryIn(lower: number, path: string): { uid: number; gid: number; mode: number } | 'no directory' | undefined {
  const how = { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS }
  try {
    const fd = Number(call({ call: 'openat2', args: [lower, path, how, OPEN_HOW.size] }).value)
    try {
      const stat = fstatSync(fd)
      return stat.isDirectory() ? { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 } : 'no directory'
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof SyscallError) return error.code === 'ENOENT' ? undefined : 'no directory'
    throw error
  }
}

type Made = void | 'left out'
type Make = (path: string, entry: Entry, data: Member['data']) => Made | Promise<Made>
const node = (type: number): Make => (path, { mode, major, minor }) =>
  void callAll([makeNode(path, type | (mode & 0o777), makedev(major, minor))])

/** A user namespace can have no devices. As Docker does, it goes without: a container is given those of /dev anyway. */
const device = (type: number): Make => (path, entry, data) => {
  try {
    return node(type)(path, entry, data)
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EPERM') return 'left out'
    throw error
  }
}

const MAKE: Readonly<Record<EntryType, Make>> = {
  file,
  link: (path, { target }) => linkSync(at(clean('link', target)), at(path)),
  symlink: (path, { target }) => symlinkSync(encodeName(target), at(path)),
  directory: (path) => void (existsSync(at(path)) || mkdirSync(at(path), DIRECTORY_MODE)),
  fifo: node(S_IFIFO), character: device(S_IFCHR), block: device(S_IFBLK),
}

async function file(path: string, entry: Entry, data: Member['data']): Promise<void> {
  const fd = openSync(at(path), O_NEW, 0o600)
  try {
    if (entry.segments) ftruncateSync(fd, entry.size)
    const segments = entry.segments ?? [{ offset: 0, size: entry.size }]
    let [segment, offset] = [0, segments[0]?.offset ?? 0]
    for await (const chunk of data()) {
      for (let rest = chunk; rest.length > 0;) {
        const { offset: start = 0, size = 0 } = segments[segment] ?? {}
        const written = writeSync(fd, rest, 0, Math.min(rest.length, start + size - offset), offset)
        rest = rest.subarray(written)
        offset += written
        if (offset === start + size) offset = segments[++segment]?.offset ?? 0
      }
    }
    fchownSync(fd, entry.uid, entry.gid)
    fchmodSync(fd, entry.mode) // behind the owner, whose change takes setuid away
  } finally {
    closeSync(fd)
  }
}

function owned(path: string, { type, uid, gid, mode }: Entry): void {
  lchownSync(at(path), uid, gid)
  if (type !== 'symlink') chmodSync(at(path), mode)
}

/** A stranger's marks for overlayfs would show what other directories have. */
function finished(path: string, { xattrs, mtime }: Entry): void {
  setAttributes(path, withoutMarks(xattrs))
  dated(path, mtime)
}

/** A double holds whole seconds exactly, and no nanoseconds; and node takes what is before 1970 for now. */
function dated(path: string, time: bigint): void {
  if (time >= 0n && time % NANO === 0n) lutimesSync(at(path), Number(time / NANO), Number(time / NANO))
  else callAll([setTimes(path, time)])
}
