// From entries to the bytes of an archive, the same bytes each time.
//
//   for await (const chunk of writeTar(members)) …
//
// As Go's archive/tar writes it, which made most of the world's images: ustar where all fits, otherwise a pax header before it,
// its records in the order of their names; no user names, no times but mtime.
// Invariant: the bytes depend on nothing but the members, in their order.
import { ArchiveError, BLOCK, padding, type Entry, type EntryType } from './entry.ts'
import { writeHeader, type Header } from './header.ts'
import { encodeName } from '@pocker/syscalls'
import { writeRecords } from './pax.ts'
import type { Member } from './read.ts'

const FLAGS: Readonly<Record<EntryType, string>> =
  { file: '0', link: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' }
const NANO = 1_000_000_000n
/** What 11 and 7 octal digits can say. */
const [MOST_SIZE, MOST_ID] = [8 ** 11 - 1, 8 ** 7 - 1]

/** Holes are written as zeros: a digest is of the content, and not of how some file system kept it. */
export async function* writeTar(members: AsyncIterable<Member> | Iterable<Member>): AsyncGenerator<Buffer, void> {
  for await (const { entry, data } of members) {
    yield* headersOf(entry)
    let written = 0
    for await (const chunk of data()) {
      written += chunk.length
      yield chunk
    }
    const { path, size } = entry
    if (written !== size) throw new ArchiveError(`${JSON.stringify(path)}: expected ${size} bytes, got ${written}`)
    if (padding(entry.size) > 0) yield Buffer.alloc(padding(entry.size))
  }
  yield Buffer.alloc(2 * BLOCK)
}

function headersOf(entry: Entry): Buffer[] {
  const { path, type, mode, uid, gid, size, mtime, target, major, minor } = entry
  const seconds = mtime >= 0n ? mtime / NANO : -((-mtime + NANO - 1n) / NANO)
  const header: Header = {
    flag: FLAGS[type], name: encodeName(path), mode, uid, gid, size, mtime: Number(seconds), target: encodeName(target),
    major, minor,
  }
  const records = recordsOf(entry, header)
  const block = writeHeader(records.length === 0 ? header : fitting(header))
  if (!block) throw new ArchiveError(`${JSON.stringify(path)}: expected device numbers of 7 octal digits, got ${major}:${minor}`)
  if (records.length === 0) return [block]
  const data = writeRecords(records)
  const about = writeHeader({
    flag: 'x', name: paxName(header.name), mode: 0, uid: 0, gid: 0, size: data.length, mtime: 0, target: Buffer.alloc(0),
    major: 0, minor: 0,
  }) as Buffer
  return [about, data, Buffer.alloc(padding(data.length)), block]
}

type Said = readonly [key: string, value: Buffer]

function recordsOf({ mtime, xattrs }: Entry, { name, target, uid, gid, size, mtime: seconds }: Header): Said[] {
  const text = (value: unknown): Buffer => Buffer.from(String(value))
  const records: Said[] = [
    ...(uid > MOST_ID ? [['uid', text(uid)] as const] : []), ...(gid > MOST_ID ? [['gid', text(gid)] as const] : []),
    ...(size > MOST_SIZE ? [['size', text(size)] as const] : []),
    ...(name.length > 100 || !isAscii(name) ? [['path', name] as const] : []),
    ...(target.length > 100 || !isAscii(target) ? [['linkpath', target] as const] : []),
    ...(mtime % NANO !== 0n || seconds < 0 || seconds > MOST_SIZE ? [['mtime', text(decimalTime(mtime))] as const] : []),
    ...Object.entries(xattrs).map(([key, value]) => [`SCHILY.xattr.${key}`, value] as const),
  ]
  return records.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** What of it a ustar header can say, beside records with the whole. */
const fitting = (header: Header): Header => ({
  ...header, name: cut(header.name), target: cut(header.target),
  mtime: within(header.mtime, MOST_SIZE), size: within(header.size, MOST_SIZE),
  uid: within(header.uid, MOST_ID), gid: within(header.gid, MOST_ID),
})
const within = (value: number, most: number): number => (value < 0 || value > most ? 0 : value)
const cut = (name: Buffer): Buffer => Buffer.from(name.filter((byte) => byte < 0x80)).subarray(0, 100)
const isAscii = (name: Buffer): boolean => name.every((byte) => byte < 0x80)

/** `a/b` becomes `a/PaxHeaders.0/b`, as far as there is room. */
function paxName(name: Buffer): Buffer {
  const parts = cut(name).toString('latin1').replace(/\/$/, '').split('/')
  return Buffer.from([...parts.slice(0, -1), 'PaxHeaders.0', parts.at(-1) ?? ''].join('/')).subarray(0, 100)
}

function decimalTime(time: bigint): string {
  const [sign, all] = time < 0n ? ['-', -time] : ['', time]
  const fraction = String(all % NANO).padStart(9, '0').replace(/0+$/, '')
  return `${sign}${all / NANO}${fraction && `.${fraction}`}`
}
