// Archives are sent compressed: gzip, zstd, or not at all.
//
//   decompressed(source)   → the bytes within, whatever it is: the first bytes tell
//   gzipped(source)        → the same bytes each time: no name and no time is in the header
//
// @see RFC 1952; RFC 8878; OCI image spec, layer.md, "+gzip Media Types" and "+zstd Media Types"
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import { ArchiveError } from '../tar/entry.ts'
import { Blocks, type Source } from '../tar/blocks.ts'

export type Compression = 'gzip' | 'zstd' | 'none'

const GZIP = Buffer.from('1f8b', 'hex')
const ZSTD = Buffer.from('28b52ffd', 'hex')

/** A frame without data, with which pzstd begins. @see RFC 8878, 3.1.2 */
const isSkippable = (start: Buffer): boolean => start.length === 4 && start.readUInt32LE() >>> 4 === 0x184d2a5

/** @param start the first four bytes of it */
export function compressionOf(start: Buffer): Compression {
  if (start.subarray(0, GZIP.length).equals(GZIP)) return 'gzip'
  return start.equals(ZSTD) || isSkippable(start) ? 'zstd' : 'none'
}

/** Bytes at a time. */
const CHUNK = 256 * 1024

/** @throws {ArchiveError} if it is damaged, or cut off */
export async function* decompressed(source: Source): AsyncGenerator<Uint8Array, void> {
  const blocks = new Blocks(source)
  const compression = compressionOf(await blocks.peek(ZSTD.length))
  try {
    if (compression === 'none') yield* blocks.rest()
    else if (compression === 'gzip') yield* through(blocks.rest(), zlib.createGunzip({ chunkSize: CHUNK }))
    else yield* zstd(blocks.rest())
  } catch (error) {
    throw isCompressors(error) ? new ArchiveError(`${compression}: ${(error as Error).message}`, { cause: error }) : error
  }
}

export const gzipped = (source: Source): AsyncGenerator<Uint8Array, void> => through(source, zlib.createGzip({ chunkSize: CHUNK }))

/** What zlib and fzstd say of the bytes, as against what reading them says. */
const isCompressors = (error: unknown): boolean =>
  error instanceof ZstdError || /^(Z|ZSTD)_/.test(String((error as NodeJS.ErrnoException).code))

async function* through(source: Source, transform: Transform): AsyncGenerator<Uint8Array, void> {
  const sent = pipeline(Readable.from(source, { objectMode: false }), transform)
  sent.catch(() => {}) // it is the transform's error, too, which the loop meets
  for await (const chunk of transform) yield chunk as Buffer
  await sent
}

class ZstdError extends Error {}

/** Bytes at a time: four of them may say 128 KiB, and the library hands over at once all that it was given. */
const PIECE = 1024

/** zlib has it from Node 22.15 on; before, a library in JavaScript. */
const zstd = (source: Source): AsyncGenerator<Uint8Array, void> =>
  'createZstdDecompress' in zlib ? through(source, (zlib.createZstdDecompress as () => Transform)()) : zstdInScript(source)

async function* zstdInScript(source: Source): AsyncGenerator<Uint8Array, void> {
  const ready: Uint8Array[] = []
  const stream = new Decompress((chunk) => { ready.push(chunk) })
  const push = (chunk: Uint8Array, last: boolean): Uint8Array[] => {
    try {
      stream.push(chunk, last)
    } catch (error) {
      throw new ZstdError((error as Error).message, { cause: error })
    }
    return ready.splice(0)
  }
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE) yield* push(chunk.subarray(at, at + PIECE), false)
  }
  yield* push(new Uint8Array(), true)
}
