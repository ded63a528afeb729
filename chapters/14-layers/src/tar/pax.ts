// Further headers: records that say what a ustar header has no room for.
//
//   readRecords(Buffer.from('19 path=etc/passwd\n'))   → Map: 'path' → 'etc/passwd'
//   writeRecords([['path', bytes]])                     → the bytes of such a header's data
//
// Invariant: a record's length is believed only if a line feed stands where it says. @see POSIX, pax, "pax Extended Header"
import { ArchiveError } from './entry.ts'

/** Values are bytes; GNU's sparse records of version 0.0 come several times, and are kept in order. */
export type Records = ReadonlyMap<string, readonly Buffer[]>

/** @throws {ArchiveError} */
export function readRecords(data: Buffer): Records {
  const records = new Map<string, Buffer[]>()
  for (let at = 0; at < data.length;) {
    const blank = data.indexOf(0x20, at)
    const text = data.toString('latin1', at, blank < 0 ? at : Math.min(blank, at + 20))
    const length = /^[1-9]\d*$/.test(text) ? Number(text) : NaN
    const end = at + length
    const equals = data.indexOf(0x3d, blank)
    if (!(end <= data.length) || data[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new ArchiveError(`expected a pax record such as "19 path=etc/passwd", got ${shown(data.subarray(at))}`)
    }
    const key = data.toString('utf8', blank + 1, equals)
    const value = Buffer.from(data.subarray(equals + 1, end - 1))
    const before = records.get(key)
    if (before) before.push(value)
    else records.set(key, [value])
    at = end
  }
  return records
}

const shown = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1', 0, 40))

export function writeRecords(records: readonly (readonly [key: string, value: Buffer])[]): Buffer {
  return Buffer.concat(records.map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
    // The length counts its own digits.
    let length = rest.length + 1
    while (length !== rest.length + String(length).length) length = rest.length + String(length).length
    return Buffer.concat([Buffer.from(String(length)), rest])
  }))
}
