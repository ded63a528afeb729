// One block of 512 bytes: what ustar says of a file, as POSIX, GNU tar and star write it.
//
//   readHeader(block)    → { flag: '0', name: 'etc/passwd', mode: 0o644, size: 1234, … }; undefined for a block of zeros
//   writeHeader(fields)  → the block
//
// Invariant: what readHeader() answers is a number where a number belongs. Beyond that, nothing of it is believed.
// @see POSIX, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"
import { ArchiveError, BLOCK } from './entry.ts'

export interface Header {
  /** The type, a character: 0 file, 1 link, 2 symlink, 3 character device, 4 block device, 5 directory, 6 FIFO, and dialects'. */
  readonly flag: string
  readonly name: Buffer
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  readonly target: Buffer
  readonly major: number
  readonly minor: number
}

/** Where each field is: its first byte, and its length. */
const FIELDS = {
  name: [0, 100], mode: [100, 8], uid: [108, 8], gid: [116, 8], size: [124, 12], mtime: [136, 12], checksum: [148, 8],
  flag: [156, 1], target: [157, 100], magic: [257, 8], major: [329, 8], minor: [337, 8], prefix: [345, 155],
} as const
type Field = keyof typeof FIELDS

const [USTAR, VERSION] = ['ustar\0', '00']

/** @throws {ArchiveError} naming the field */
export function readHeader(block: Buffer): Header | undefined {
  const sum = checksumOf(block)
  if (sum === 0) return undefined
  if (number(block, 'checksum') !== sum) {
    throw new ArchiveError(`expected a header whose sum is ${sum}, got ${field(block, 'checksum')}`)
  }
  const [name, prefix] = [bytes(block, 'name'), bytes(block, 'prefix')]
  // GNU's magic is another: what is in the place of a prefix is no prefix there. The version behind it is not always written.
  const isUstar = slice(block, 'magic').toString('latin1').startsWith(USTAR)
  return {
    flag: slice(block, 'flag').toString('latin1').replace('\0', '0'),
    name: isUstar && prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    mode: number(block, 'mode') & 0o7777, uid: number(block, 'uid'), gid: number(block, 'gid'),
    size: number(block, 'size'), mtime: number(block, 'mtime', -Number.MAX_SAFE_INTEGER), target: bytes(block, 'target'),
    major: number(block, 'major'), minor: number(block, 'minor'),
  }
}

/** @returns undefined if a name or a number does not fit: then it takes a pax header before this one */
export function writeHeader(header: Header): Buffer | undefined {
  const block = Buffer.alloc(BLOCK)
  const { flag, name, target, ...numbers } = header
  if (name.length > FIELDS.name[1] || target.length > FIELDS.target[1]) return undefined
  for (const [key, value] of Object.entries(numbers)) {
    const [start, length] = FIELDS[key as Field]
    const digits = value.toString(8).padStart(length - 1, '0')
    if (value < 0 || digits.length > length - 1) return undefined
    block.write(`${digits}\0`, start, 'latin1')
  }
  name.copy(block, FIELDS.name[0])
  target.copy(block, FIELDS.target[0])
  block.write(flag, FIELDS.flag[0], 'latin1')
  block.write(USTAR + VERSION, FIELDS.magic[0], 'latin1')
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, FIELDS.checksum[0], 'latin1')
  return block
}

function slice(block: Buffer, name: Field): Buffer {
  const [start, length] = FIELDS[name]
  return block.subarray(start, start + length)
}

const field = (block: Buffer, name: Field): string => JSON.stringify(slice(block, name).toString('latin1'))

/** Up to the first NUL. */
function bytes(block: Buffer, name: Field): Buffer {
  const all = slice(block, name)
  const end = all.indexOf(0)
  return Buffer.from(end < 0 ? all : all.subarray(0, end))
}

const number = (block: Buffer, name: Field, least = 0): number => parseNumber(slice(block, name), name, least)

/**
 * Octal digits with blanks or NULs around them; or, if the first bit is set, two's complement.
 * @throws {ArchiveError} if it is neither, below `least`, or above what a double counts exactly
 */
export function parseNumber(bytes: Buffer, name: string, least = 0): number {
  const value = (bytes[0] ?? 0) & 0x80 ? complement(bytes) : octal(bytes)
  if (value >= least && value <= Number.MAX_SAFE_INTEGER) return value
  throw new ArchiveError(`${name}: expected a number of at least ${least}, got ${JSON.stringify(bytes.toString('latin1'))}`)
}

function octal(bytes: Buffer): number {
  const [, digits] = /^[ \0]*([0-7]*)(?:[ \0][^]*)?$/.exec(bytes.toString('latin1')) ?? []
  return digits === undefined ? NaN : Number.parseInt(digits || '0', 8)
}

/** The first bit says that it is one, the second is the sign. */
function complement(bytes: Buffer): number {
  const negative = ((bytes[0] ?? 0) & 0x40) !== 0
  const first = BigInt(negative ? (bytes[0] ?? 0) | 0x80 : (bytes[0] ?? 0) & 0x7f)
  const value = bytes.subarray(1).reduce((all, byte) => (all << 8n) | BigInt(byte), first)
  return Number(negative ? value - (1n << BigInt(8 * bytes.length)) : value)
}

/** The sum of all bytes, those of the sum itself counted as blanks; 0 for a block of zeros. */
function checksumOf(block: Buffer): number {
  const [start, length] = FIELDS.checksum
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= start && i < start + length ? 0 : (block[i] ?? 0)
  return sum === 0 ? 0 : sum + 32 * length
}
