// How values become bytes: each kind of attribute is a codec, and a table of them says what a message may carry.
//
//   const LINK = { name: [3, name], mtu: [4, number(4, 68, 65536)], master: [10, device] }
//   const writer = new Writer(); writeAttributes(writer, LINK, { name: 'br0', mtu: 1500 })
//   readAttributes(LINK, bytes)   → { name: 'br0', mtu: 1500 }, typed
//
// Invariant: encoding and decoding follow from the same row, so neither knows a number that the other does not. A device
// that is given by its name stays open: the writer notes where its index belongs, and the client puts it there.
import { SpecError } from '@pocker/syscalls'
import { decodeAttributes, MessageError, text, type Writer } from './message.ts'
import { checkLabel, checkName, formatIp, formatMac, parseIp, parseMac } from './text.ts'

/** A network device: its name, or its index, which is quicker. */
export type Device = string | number

/** One kind of value. */
export interface Codec<T> {
  /** @param what its name, for the error. @throws {SpecError} */
  write(to: Writer, value: T, what: string): void
  read(bytes: Buffer): T
  /** In bytes, at least. */
  readonly size: number
}

/** name → its number in the message, and its kind */
export interface Table { readonly [name: string]: readonly [type: number, codec: Codec<unknown>] }
/** name → kind, one after the other without a gap */
export interface Struct { readonly [name: string]: Codec<unknown> }

type Of<C> = C extends Codec<infer T> ? T : never
/** What is undefined is not sent. */
export type Values<T extends Table> = { readonly [Name in keyof T]?: Of<T[Name][1]> | undefined }
export type Fields<S extends Struct> = { readonly [Name in keyof S]?: Of<S[Name]> | undefined }

/** In the order of the values; what the table does not know is not written. */
// region write
export function writeAttributes<T extends Table>(to: Writer, table: T, values: Values<T>): void {
  for (const [name, value] of Object.entries(values)) {
    const row = table[name]
    if (row && value !== undefined) to.attribute(row[0], () => row[1].write(to, value as never, name))
  }
}
// endregion

/** What the table does not know is left out. @throws {MessageError} */
export function readAttributes<T extends Table>(table: T, bytes: Buffer): Values<T> {
  const rows = new Map(Object.entries(table).map(([name, [type, codec]]) => [type, { name, codec }]))
  const values = decodeAttributes(bytes).flatMap(({ type, data }) => {
    const row = rows.get(type)
    return row ? [[row.name, read(row.codec, data, row.name)]] : []
  })
  return Object.fromEntries(values) as Values<T>
}

/** What is not given is 0. */
export function writeStruct<S extends Struct>(to: Writer, struct: S, fields: Fields<S>): void {
  for (const [name, codec] of Object.entries(struct)) codec.write(to, (fields[name] ?? 0) as never, name)
}

/** @returns the fields, and the bytes behind them. @throws {MessageError} */
export function readStruct<S extends Struct>(struct: S, bytes: Buffer): [Required<Fields<S>>, Buffer] {
  let rest = bytes
  const fields = Object.entries(struct).map(([name, codec]) => {
    const value = read(codec, rest, name)
    rest = rest.subarray(codec.size)
    return [name, value]
  })
  return [Object.fromEntries(fields) as Required<Fields<S>>, rest]
}

function read<T>(codec: Codec<T>, bytes: Buffer, name: string): T {
  if (bytes.length >= codec.size) return codec.read(bytes)
  throw new MessageError(`netlink ${name}: expected at least ${codec.size} bytes, got ${bytes.length}`)
}

/** An unsigned number of 1, 2 or 4 bytes. */
export const number = (size: 1 | 2 | 4, from = 0, to = 2 ** (8 * size) - 1): Codec<number> => ({
  size,
  write: (writer, value, what) => {
    if (!Number.isInteger(value) || value < from || value > to) {
      throw new SpecError(`${what}: expected a whole number from ${from} to ${to}, got ${JSON.stringify(value)}`)
    }
    writer.number(value, size)
  },
  read: (bytes) => bytes.readUIntLE(0, size),
})
export const u8 = number(1)
export const u16 = number(2)
export const u32 = number(4)

/** The same kind in other words. */
const map = <A, B>(codec: Codec<A>, to: (value: B, what: string) => A, from: (value: A) => B): Codec<B> => ({
  size: codec.size,
  write: (writer, value, what) => codec.write(writer, to(value, what), what),
  read: (bytes) => from(codec.read(bytes)),
})

/** A port, in the order of the network. */
export const be16 = map(number(2), (port: number) => swap(port), (port) => swap(port))
const swap = (port: number): number => (!Number.isInteger(port) || port > 0xffff ? port : (port >> 8) | ((port & 0xff) << 8))

export const flag = (size: 1 | 4): Codec<boolean> => map(number(size), (on: boolean) => Number(on), (value) => value !== 0)

/** USER_HZ: the kernel counts in hundredths of a second. */
const TICKS = 100
const SECONDS_MAX = Math.floor((2 ** 32 - 1) / TICKS)
export const seconds: Codec<number> = map(u32, (value: number, what) => {
  if (typeof value === 'number' && value >= 0 && value <= SECONDS_MAX) return Math.round(value * TICKS)
  throw new SpecError(`${what}: expected 0 to ${SECONDS_MAX} seconds, got ${value}`)
}, (ticks) => ticks / TICKS)

/** One of several words; a number that has none is kept as it is. */
export const word = <W extends string>(size: 1 | 4, words: Readonly<Record<W, number>>): Codec<W | number> => map(
  number(size),
  (value: W | number, what) => {
    const known = typeof value === 'number' ? value : Object.hasOwn(words, value) ? words[value] : undefined
    if (known !== undefined) return known
    throw new SpecError(`${what}: expected one of ${Object.keys(words).join(', ')}, got ${JSON.stringify(value)}`)
  },
  (value) => (Object.keys(words) as W[]).find((name) => words[name] === value) ?? value,
)

/** Bytes that are written as some text. */
const textual = (size: number, parse: (what: string, value: string) => Buffer, format: (bytes: Buffer) => string): Codec<string> =>
  ({ size, write: (to, value, what) => to.add(parse(what, value)), read: format })

export const mac = textual(0, parseMac, formatMac)
/** Of either family: 4 bytes or 16. */
export const ip = textual(4, parseIp, (bytes) => formatIp(bytes.length < 16 ? bytes.subarray(0, 4) : bytes.subarray(0, 16)))
export const name = textual(0, (what, value) => Buffer.from(`${checkName(what, value)}\0`), text)
export const label = textual(0, (what, value) => Buffer.from(`${checkLabel(what, value)}\0`), text)
export const string = textual(0, (_, value) => Buffer.from(value), text)

/** The index of a device. */
// region device
export const device: Codec<Device> = {
  size: 4,
  write: (to, value, what) => {
    if (typeof value === 'string') to.blanks.push({ at: to.length, device: checkName(what, value) })
    u32.write(to, typeof value === 'string' ? 0 : value, what)
  },
  read: (bytes) => u32.read(bytes),
}
// endregion

export const nested = <T extends Table>(table: T): Codec<Values<T>> =>
  ({ size: 0, write: (to, values) => writeAttributes(to, table, values), read: (bytes) => readAttributes(table, bytes) })
