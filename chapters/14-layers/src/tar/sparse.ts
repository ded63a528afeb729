// Files with holes, in the four ways that GNU tar has written them.
//
//   sparseOf(records)      → the segments, if the pax records hold them (0.0, 0.1), or that they begin the data (1.0)
//   oldSegments(block)     → those of an old GNU header, four, and whether more blocks follow
//
// Invariant: segments are in order, do not overlap, and end within the file. @see GNU tar manual, "Storing Sparse Files"
import { ArchiveError, type Segment } from './entry.ts'
import { parseNumber } from './header.ts'
import type { Records } from './pax.ts'

/** @throws {ArchiveError} */
export function checkSegments(segments: readonly Segment[], size: number): readonly Segment[] {
  let end = 0
  for (const { offset, size: length } of segments) {
    if (!(offset >= end && length >= 0 && offset + length <= size)) {
      throw new ArchiveError(`sparse: expected segments in order, and within ${size} bytes, got ${length} at ${offset}`)
    }
    end = offset + length
  }
  return segments.filter((segment) => segment.size > 0)
}

/** @returns the number of bytes that the segments hold */
export const dataSize = (segments: readonly Segment[]): number => segments.reduce((sum, { size }) => sum + size, 0)

const [FIRST, FIRST_COUNT, MORE_COUNT, PAIR] = [386, 4, 21, 24]

/** Of the header itself: four segments, whether there are more, and the size with holes. */
export const oldSegments = (block: Buffer): { segments: Segment[]; more: boolean; size: number } => ({
  segments: pairs(block, FIRST, FIRST_COUNT), more: block[482] !== 0 && block[482] !== 0x30,
  size: parseNumber(block.subarray(483, 495), 'sparse size'),
})

/** Of a block behind it. */
export const moreSegments = (block: Buffer): { segments: Segment[]; more: boolean } =>
  ({ segments: pairs(block, 0, MORE_COUNT), more: block[504] !== 0 && block[504] !== 0x30 })

function pairs(block: Buffer, from: number, count: number): Segment[] {
  return Array.from({ length: count }, (_, i) => from + i * PAIR).filter((at) => block[at] !== 0 || block[at + 12] !== 0)
    .map((at) => ({
      offset: parseNumber(block.subarray(at, at + 12), 'sparse offset'),
      size: parseNumber(block.subarray(at + 12, at + PAIR), 'sparse size'),
    }))
}

export interface Sparse {
  /** Undefined if the segments begin the data. */
  readonly segments?: readonly Segment[]
  readonly size: number
  readonly name?: Buffer
}

/** @returns undefined if the file is none */
export function sparseOf(records: Records): Sparse | undefined {
  const one = (key: string): Buffer | undefined => records.get(`GNU.sparse.${key}`)?.at(-1)
  const name = one('name')
  const [size, map, major] = [one('realsize') ?? one('size'), one('map'), one('major')]
  if (size === undefined) return undefined
  const base = { size: decimal(size), ...(name && { name }) }
  if (major?.toString() === '1') return base
  if (map) {
    const numbers = map.toString('latin1').split(',').filter(Boolean)
    return { ...base, segments: segmentsOf(numbers.map((text) => decimal(Buffer.from(text)))) }
  }
  const [offsets, sizes] = ['offset', 'numbytes'].map((key) => records.get(`GNU.sparse.${key}`) ?? []) as [Buffer[], Buffer[]]
  return { ...base, segments: segmentsOf(offsets.flatMap((offset, i) => [decimal(offset), decimal(sizes[i] ?? Buffer.from(''))])) }
}

/** @param numbers offset, size, offset, size, … */
export function segmentsOf(numbers: readonly number[]): Segment[] {
  if (numbers.length % 2) throw new ArchiveError('sparse: expected pairs of an offset and a size')
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({ offset: numbers[2 * i] ?? 0, size: numbers[2 * i + 1] ?? 0 }))
}

/** @throws {ArchiveError} */
export function decimal(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value)) return value
  throw new ArchiveError(`expected a decimal number, got ${JSON.stringify(text.slice(0, 40))}`)
}
