// From the bytes of an archive to its entries: ustar, pax, GNU tar, star.
//
//   for await (const { entry, data } of readTar(source)) for await (const chunk of data()) …
//
// Invariant: every number has been checked, no name has been followed. What nobody reads of an entry is passed over.
import { ArchiveError, BLOCK, padding, type Entry, type EntryType, type Segment } from './entry.ts'
import { Blocks, type Source } from './blocks.ts'
import { readHeader, type Header } from './header.ts'
import { decodeName } from '@pocker/syscalls'
import { readRecords, type Records } from './pax.ts'
import { checkSegments, dataSize, decimal, moreSegments, oldSegments, segmentsOf, sparseOf } from './sparse.ts'

export interface Member {
  readonly entry: Entry
  /** The file's bytes, without its holes: those of its segments, one after the other. Read at most once, and before the next. */
  readonly data: () => AsyncIterable<Buffer>
}

/** GNU's S is a file with holes, 7 a contiguous one, and an old tar writes a NUL, which reads as 0. */
const TYPES: Readonly<Record<string, EntryType>> = {
  0: 'file', 7: 'file', S: 'file', 1: 'link', 2: 'symlink', 3: 'character', 4: 'block', 5: 'directory', 6: 'fifo',
}
/** Headers about the next entry, or about all that follow. */
const ABOUT = new Set(['x', 'g', 'L', 'K'])
/** What a header about all that follow may say: it costs something for each of them, so no more is kept than is read. */
const OF_ALL = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'mtime'])
/** Bytes: of a further header, and of a name in it. */
const [MOST_EXTENDED, PATH_MAX] = [1024 * 1024, 4096]
/** Of a file with holes: all of them are held at once. */
const MOST_SEGMENTS = 2 ** 20
const XATTR = 'SCHILY.xattr.'

/** @throws {ArchiveError} naming the entry at fault */
export async function* readTar(source: Source): AsyncGenerator<Member, void> {
  const blocks = new Blocks(source)
  let [globals, records, names]: [Records, Records, Names] = [new Map(), new Map(), {}]
  try {
    for (let number = 1; ; number++) {
      const block = await blocks.take(BLOCK)
      const header = block && named(number, () => readHeader(block))
      if (!block || !header) return // two blocks of zeros end it; one does as well
      if (ABOUT.has(header.flag)) {
        const data = await extended(blocks, header)
        if (header.flag === 'g') globals = new Map([...globals, ...readRecords(data)].filter(([key]) => OF_ALL.has(key)))
        else if (header.flag === 'x') records = readRecords(data)
        else names = { ...names, [header.flag === 'L' ? 'path' : 'target']: withoutNul(data) }
        continue
      }
      const about = { block, header, records: new Map([...globals, ...records]), names }
      const { entry, stored } = await memberOf(blocks, about, number)
      ;[records, names] = [new Map(), {}]
      const end = blocks.position + stored
      yield { entry, data: () => blocks.part(entry.type === 'file' ? stored : 0) } // an old tar may say that a directory has some
      await blocks.skipTo(end + padding(stored))
    }
  } finally {
    await blocks.end()
  }
}

interface Names { readonly path?: Buffer; readonly target?: Buffer }
interface About { readonly block: Buffer; readonly header: Header; readonly records: Records; readonly names: Names }

/** @returns the entry, and how many bytes of data follow */
async function memberOf(blocks: Blocks, about: About, number: number): Promise<{ entry: Entry; stored: number }> {
  const { header, records, names } = about
  /** An empty one says that the header is right after all. */
  const one = (key: string): Buffer | undefined => records.get(key)?.slice(-1).find(({ length }) => length > 0)
  const sparse = named(number, () => sparseOf(records))
  const path = decodeName(sparse?.name ?? one('path') ?? names.path ?? header.name)
  return await named(number, async () => {
    const type = TYPES[header.flag]
    if (!type) throw new ArchiveError(`expected a type from 0 to 7, got ${JSON.stringify(header.flag)}`)
    const holds = type === 'file'
    const written = Math.max(0, holds || header.flag === '1' ? countOf(one('size'), header.size) : 0)
    const { segments, size, stored } = await placed(blocks, about, sparse, written)
    const entry: Entry = {
      path: checkName('path', path), type, mode: header.mode,
      uid: countOf(one('uid'), header.uid), gid: countOf(one('gid'), header.gid), size: holds ? size : 0,
      mtime: one('mtime') ? nanoseconds(one('mtime') as Buffer) : BigInt(header.mtime) * NANO,
      target: type === 'link' || type === 'symlink'
        ? checkName('link', decodeName(one('linkpath') ?? names.target ?? header.target)) : '',
      major: header.major, minor: header.minor, xattrs: xattrsOf(records),
      ...(segments && holds && { segments }),
    }
    return { entry: holds && path.endsWith('/') ? { ...entry, type: 'directory', size: 0 } : entry, stored }
  }, path)
}

interface Placed { readonly segments?: readonly Segment[]; readonly size: number; readonly stored: number }

/** Where the data goes: GNU tar tells it in the header and blocks behind it, in records, or at the beginning of the data. */
async function placed(
  blocks: Blocks, { header, block }: About, sparse: ReturnType<typeof sparseOf>, written: number,
): Promise<Placed> {
  const checked = (segments: readonly Segment[], size: number, stored: number): Placed => {
    if (dataSize(segments) !== stored) throw new ArchiveError(`sparse: expected ${dataSize(segments)} bytes of data, got ${stored}`)
    return { segments: checkSegments(segments, size), size, stored }
  }
  if (header.flag === 'S') {
    const { segments, more, size } = oldSegments(block)
    for (let follows = more; follows;) {
      const next = moreSegments(await blocks.need(BLOCK))
      segments.push(...next.segments)
      if (segments.length > MOST_SEGMENTS) throw new ArchiveError(`sparse: expected at most ${MOST_SEGMENTS} segments, got more`)
      follows = next.more
    }
    return checked(segments, size, written)
  }
  if (!sparse) return { size: written, stored: written }
  if (sparse.segments) return checked(sparse.segments, sparse.size, written)
  const begin = blocks.position
  const count = await decimalLine(blocks, '')
  if (count.value > MOST_SEGMENTS) throw new ArchiveError(`sparse: expected at most ${MOST_SEGMENTS} segments, got ${count.value}`)
  let line = count.rest
  const numbers: number[] = []
  for (let i = 0; i < 2 * count.value; i++) {
    const next = await decimalLine(blocks, line)
    numbers.push(next.value)
    line = next.rest
  }
  return checked(segmentsOf(numbers), sparse.size, written - (blocks.position - begin))
}

/** @param text what is left of the blocks that were read. The map of version 1.0 is lines of digits, filled up to whole blocks. */
async function decimalLine(blocks: Blocks, text: string): Promise<{ value: number; rest: string }> {
  for (let all = text; all.length <= 2 * BLOCK;) {
    const end = all.indexOf('\n')
    if (end >= 0) return { value: decimal(Buffer.from(all.slice(0, end))), rest: all.slice(end + 1) }
    all += (await blocks.need(BLOCK)).toString('latin1')
  }
  throw new ArchiveError('sparse: expected a line with a number')
}

async function extended(blocks: Blocks, { size, flag }: Header): Promise<Buffer> {
  if (size > MOST_EXTENDED) throw new ArchiveError(`header ${flag}: expected at most ${MOST_EXTENDED} bytes, got ${size}`)
  const data = Buffer.from(await blocks.need(size))
  await blocks.take(padding(size))
  return data
}

const withoutNul = (data: Buffer): Buffer => (data.includes(0) ? data.subarray(0, data.indexOf(0)) : data)

/** A number that a record says, if it is there. */
const countOf = (record: Buffer | undefined, otherwise: number): number => (record ? decimal(record) : otherwise)

const NANO = 1_000_000_000n

/** @param text seconds, with a fraction, and maybe before 1970. @throws {ArchiveError} */
function nanoseconds(text: Buffer): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text.toString('latin1')) ?? []
  if (whole === undefined) {
    throw new ArchiveError(`mtime: expected seconds, got ${JSON.stringify(text.toString('latin1').slice(0, 40))}`)
  }
  const value = BigInt(whole) * NANO + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign ? -value : value
}

const xattrsOf = (records: Records): Record<string, Buffer> => Object.fromEntries([...records].flatMap(([key, values]) =>
  (key.startsWith(XATTR) ? [[key.slice(XATTR.length), values.at(-1) ?? Buffer.alloc(0)] as const] : [])))

/** @throws {ArchiveError} for what no file can be called */
function checkName(what: string, name: string): string {
  if (name === '' || name.includes('\0')) {
    throw new ArchiveError(`${what}: expected a name without NUL, got ${JSON.stringify(name)}`)
  }
  const length = Buffer.byteLength(name)
  if (length > PATH_MAX) throw new ArchiveError(`${what}: expected at most ${PATH_MAX} bytes, got ${length}`)
  return name
}

/** Says which entry is at fault. */
function named<T>(number: number, body: () => T, path?: string): T {
  const told = (error: unknown): unknown => {
    if (!(error instanceof ArchiveError) || error.message.includes('entry ')) return error
    const which = path === undefined ? `entry ${number}` : `entry ${number}, ${JSON.stringify(path)}`
    return new ArchiveError(`${which}: ${error.message.replace(/^archive: /, '')}`, { cause: error })
  }
  try {
    const result = body()
    return result instanceof Promise ? result.catch((error: unknown) => { throw told(error) }) as T : result
  } catch (error) {
    throw told(error)
  }
}
