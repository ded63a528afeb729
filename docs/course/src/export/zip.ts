// A zip file of a tree.
//
//   zip(tree)   → Buffer
//
// Invariant: pure, and the same tree gives the same bytes: entries in order of their names, their time always the same.
// @see APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16
import { deflateRawSync } from 'node:zlib'
import type { Entry } from './tree.ts'

/** 1 January 1980, 00:00 */
const [DATE, TIME] = [0x21, 0]
const [DEFLATED, UTF8, UNIX] = [8, 0x800, 3 << 8]
const MODES = { plain: 0o100644, executable: 0o100755 }

export function zip(tree: ReadonlyMap<string, Entry>): Buffer {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const [path, { bytes, executable }] of [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [name, data] = [Buffer.from(path), deflateRawSync(bytes)]
    const common = numbers([
      [20, 2], [UTF8, 2], [DEFLATED, 2], [TIME, 2], [DATE, 2], [crc32(bytes), 4], [data.length, 4], [bytes.length, 4],
      [name.length, 2], [0, 2],
    ])
    const head = Buffer.concat([numbers([[0x04034b50, 4]]), common, name])
    const mode = executable ? MODES.executable : MODES.plain
    const place = numbers([[0, 2], [0, 2], [0, 2], [mode * 65536, 4], [offset, 4]])
    directory.push(numbers([[0x02014b50, 4], [UNIX | 20, 2]]), common, place, name)
    files.push(head, data)
    offset += head.length + data.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = numbers([[0x06054b50, 4], [0, 2], [0, 2], [tree.size, 2], [tree.size, 2], [size, 4], [offset, 4], [0, 2]])
  return Buffer.concat([...files, ...directory, end])
}

/** Little-endian. */
function numbers(fields: readonly (readonly [value: number, bytes: number])[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [, bytes]) => sum + bytes, 0))
  let at = 0
  for (const [value, bytes] of fields) at = buffer.writeUIntLE(value, at, bytes)
  return buffer
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value >>> 0
})

/** Node has one of its own, from 22.2 on. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
