// A directory becomes entries: all that is below it, a directory before what is in it, names in the order of their bytes.
//
//   for (const found of walk('.')) …   → { entry: { path: 'etc/passwd', … }, inode: '2049:17' }
//
// Invariant: no link is followed; the order depends on the names alone. A socket is no file of a layer, and is passed over.
import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs'
import { decodeName, encodeName } from '@pocker/syscalls'
import type { Entry, EntryType } from '../tar/entry.ts'
import { attributesOf } from './attributes.ts'

export interface Found {
  readonly entry: Entry
  /** The same for all names of one file. */
  readonly inode: string
  /** How many names it has, in all directories. */
  readonly names: number
}

const TYPES: readonly (readonly [is: (stat: BigIntStats) => boolean, type: EntryType])[] = [
  [(stat) => stat.isFile(), 'file'], [(stat) => stat.isDirectory(), 'directory'], [(stat) => stat.isSymbolicLink(), 'symlink'],
  [(stat) => stat.isCharacterDevice(), 'character'], [(stat) => stat.isBlockDevice(), 'block'], [(stat) => stat.isFIFO(), 'fifo'],
]

/** @param top of what is walked; paths are below it */
export function* walk(top: string, path = ''): Generator<Found, void> {
  const names = readdirSync(at(top, path), { encoding: 'buffer' }) as Buffer[]
  for (const name of names.toSorted(Buffer.compare)) {
    const below = path + decodeName(name)
    const found = look(top, below)
    if (found) yield found
    if (found?.entry.type === 'directory') yield* walk(top, `${below}/`)
  }
}

/** @returns undefined for a socket, and for what went meanwhile */
function look(top: string, path: string): Found | undefined {
  const stat = lstatSync(at(top, path), { bigint: true, throwIfNoEntry: false })
  const [, type] = (stat && TYPES.find(([is]) => is(stat))) ?? []
  if (!stat || !type) return undefined
  const isDevice = type === 'character' || type === 'block'
  return {
    entry: {
      path: type === 'directory' ? `${path}/` : path, type,
      mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid),
      size: type === 'file' ? Number(stat.size) : 0, mtime: stat.mtimeNs,
      target: type === 'symlink' ? decodeName(readlinkSync(at(top, path), { encoding: 'buffer' })) : '',
      major: isDevice ? majorOf(stat.rdev) : 0, minor: isDevice ? minorOf(stat.rdev) : 0,
      xattrs: attributesOf(`${top}/${path}`),
    },
    inode: `${stat.dev}:${stat.ino}`, names: Number(stat.nlink),
  }
}

export const at = (top: string, path: string): Buffer => encodeName(`${top}/${path}`)

/** As the C library packs them. @see makedev(3) */
export const makedev = (major: number, minor: number): number => ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0
const majorOf = (device: bigint): number => Number((device >> 8n) & 0xfffn)
const minorOf = (device: bigint): number => Number((device & 0xffn) | ((device >> 12n) & 0xfff00n))
