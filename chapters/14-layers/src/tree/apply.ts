// An archive becomes files, in a process whose root is the directory they go to: no name leads out of it, whatever it says.
//
//   await apply(source, { notation: 'overlay', lowers: [5, 6] })   → { entries, bytes }
//
// As tar does it: what stands in the way goes, but a directory stays one; parents that are missing are made. Times of directories
// come last, since every file in them changes them.
// Invariant: what is made has the owner, mode, times and attributes of its entry, or an error names the entry.
import {
  chmodSync, closeSync, constants, existsSync, fchmodSync, fchownSync, fstatSync, ftruncateSync, lchownSync, linkSync, lstatSync,
  lutimesSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeSync,
} from 'node:fs'
import { posix } from 'node:path'
import {
  call, callAll, encodeName, makeNode, OPEN_HOW, O_CLOEXEC, O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS, setTimes,
  SyscallError, S_IFBLK, S_IFCHR, S_IFIFO,
} from '@pocker/syscalls'
import type { Digest } from '../content/digest.ts'
import type { Source } from '../tar/blocks.ts'
import { ArchiveError, type Entry, type EntryType } from '../tar/entry.ts'
import { readTar, type Member } from '../tar/read.ts'
import { setAttributes } from './attributes.ts'
import { makedev } from './walk.ts'
import { OPAQUE_ATTRIBUTE, whiteoutOf, type Notation } from './whiteout.ts'

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
      if (error instanceof ArchiveError) throw error
      const { code, message } = error as NodeJS.ErrnoException
      throw new ArchiveError(`${JSON.stringify(member.entry.path)}: ${code ?? message}`, { cause: error })
    }
    entries++
    bytes += member.entry.size
  }
  tree.finish()
  return { entries, bytes }
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
  /** What this layer has itself: an opaque directory hides only what others put there. */
  readonly #own = new Set<string>()
  readonly #times = new Map<string, bigint>()
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
    this.#makeRoom(path, entry.type)
    await MAKE[entry.type](path, entry, data)
    this.#own.add(path)
    if (entry.type === 'directory') this.#there.add(path)
    if (entry.type === 'link') return
    if (entry.type !== 'file') owned(path, entry)
    setAttributes(path, entry.xattrs)
    if (entry.type === 'directory') this.#times.set(path, entry.mtime)
    else dated(path, entry.mtime)
  }

  finish(): void {
    for (const [path, time] of this.#times) if (lstatSync(at(path)).isDirectory()) dated(path, time)
  }

  #root(entry: Entry): void {
    if (entry.type !== 'directory') throw new ArchiveError(`path: expected the root to be a directory, got a ${entry.type}`)
    owned('.', entry)
    this.#times.set('.', entry.mtime)
  }

  /** A layer may have files in a directory that only those below it have. */
  #parents(path: string): void {
    const parent = posix.dirname(path)
    if (parent === '.' || this.#there.has(parent)) return
    if (!existsSync(at(parent))) {
      this.#parents(parent)
      mkdirSync(at(parent), DIRECTORY_MODE)
      this.#asBelow(parent)
    }
    this.#there.add(parent)
  }

  /** A directory that the layer itself does not describe: whose it is, and for whom. */
  #asBelow(path: string): void {
    const { uid, gid, mode } = this.#lowers.map((lower) => directoryIn(lower, path)).find(Boolean) ?? {}
    if (uid === undefined || gid === undefined || mode === undefined) return
    lchownSync(at(path), uid, gid)
    chmodSync(at(path), mode)
  }

  #makeRoom(path: string, type: EntryType): void {
    const found = lstatSync(at(path), { throwIfNoEntry: false })
    if (!found || (found.isDirectory() && type === 'directory')) return
    this.#remove(path)
  }

  #remove(path: string): void {
    rmSync(at(path), { recursive: true, force: true })
    for (const set of [this.#there, this.#own]) {
      for (const one of set) if (one === path || one.startsWith(`${path}/`)) set.delete(one)
    }
  }

  #gone(path: string): void {
    this.#remove(path)
    if (this.#notation !== 'files') callAll([makeNode(path, S_IFCHR, 0)])
  }

  #opaque(path: string): void {
    if (this.#notation !== 'files') return setAttributes(path, { [OPAQUE_ATTRIBUTE[this.#notation]]: Buffer.from('y') })
    const prefix = path === '.' ? '' : `${path}/`
    for (const name of readdirSync(at(path))) if (!this.#own.has(prefix + name)) this.#remove(prefix + name)
  }
}

/** A path as bytes, which is what a file system has. */
const at = (path: string): Buffer => encodeName(path)

/** @returns what is there, if it is a directory, and no link led to it */
function directoryIn(lower: number, path: string): { uid: number; gid: number; mode: number } | undefined {
  const how = { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS }
  try {
    const fd = Number(call({ call: 'openat2', args: [lower, path, how, OPEN_HOW.size] }).value)
    try {
      const stat = fstatSync(fd)
      return stat.isDirectory() ? { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 } : undefined
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof SyscallError) return undefined
    throw error
  }
}

type Make = (path: string, entry: Entry, data: Member['data']) => void | Promise<void>
const device = (type: number): Make => (path, { mode, major, minor }) =>
  void callAll([makeNode(path, type | (mode & 0o777), makedev(major, minor))])

const MAKE: Readonly<Record<EntryType, Make>> = {
  file,
  link: (path, { target }) => linkSync(at(clean('link', target)), at(path)),
  symlink: (path, { target }) => symlinkSync(encodeName(target), at(path)),
  directory: (path) => void (existsSync(at(path)) || mkdirSync(at(path), DIRECTORY_MODE)),
  fifo: device(S_IFIFO), character: device(S_IFCHR), block: device(S_IFBLK),
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

/** A double holds whole seconds exactly, and no nanoseconds. */
function dated(path: string, time: bigint): void {
  if (time % NANO === 0n) lutimesSync(at(path), Number(time / NANO), Number(time / NANO))
  else callAll([setTimes(path, time)])
}
