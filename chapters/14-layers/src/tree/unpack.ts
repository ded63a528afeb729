// Between archives and directories.
//
//   await unpack(createReadStream('layer.tar'), '/…/diff', { notation: 'overlay' })   → { entries, bytes, diffId }
//   for await (const chunk of pack('/…/diff', { notation: 'overlay' })) …               → the archive's bytes
//   await listing('/…/diff')                                                            → what is there
//
// Invariant: if unpacking fails, the directory is as it was, or gone; nothing outside of it changes, whatever the archive says.
import { mkdirSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { removeTree } from '../content/files.ts'
import type { Source } from '../tar/blocks.ts'
import type { Applied } from './apply.ts'
import type { Change, Listing } from './compare.ts'
import { fromJson } from './listing.ts'
import { inTree, type Order } from './process.ts'
import type { Notation } from './whiteout.ts'

export interface UnpackOptions extends Partial<Pick<Order, 'notation' | 'lowers' | 'lock' | 'most'>> {
  /** Told now and then, of a file: how many bytes of it have been read. */
  readonly progress?: (bytes: number) => void
  readonly signal?: AbortSignal
}
/** Milliseconds. */
const PACE = 100

/** Bytes as they come, or a file that has them, which is faster; compressed or not. */
export type Packed = Source | { readonly file: string }

/**
 * @param directory which is not there yet; the one above it is
 * @throws {ArchiveError}
 */
export async function unpack(source: Packed, directory: string, options: UnpackOptions = {}): Promise<Applied> {
  mkdirSync(directory, { mode: 0o755 })
  try {
    return await unpackOnto(source, directory, options)
  } catch (error) {
    removeTree(directory)
    throw error
  }
}

/** Into a directory that may hold files, which an error leaves half changed. */
export async function unpackOnto(source: Packed, directory: string, options: UnpackOptions = {}): Promise<Applied> {
  const { progress, signal, ...order } = options
  signal?.throwIfAborted()
  const file = 'file' in source ? { file: source.file } : {}
  const { input, ended, kill, position } = inTree({ verb: 'unpack', directory, notation: 'files', ...order, ...file })
  const timer = progress && setInterval(() => progress(position()), PACE)
  signal?.addEventListener('abort', kill)
  try {
    // Who reads no more ends it, though the source may never say anything again.
    if (input && !('file' in source)) await Promise.race([pipeline(source, input), ended])
    return await ended
  } catch (error) {
    kill() // so that it does not take what came for all
    const said = await ended.then(() => error, (reason: unknown) => reason)
    throw signal?.aborted ? signal.reason : isBroken(error) ? said : error
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', kill)
  }
}

/** It reads no more: it has something to say. */
const isBroken = (error: unknown): boolean =>
  ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? '')

/** @param changes of a directory that holds more than what changed */
export async function* pack(
  directory: string, { notation = 'files', changes }: { notation?: Notation; changes?: readonly Change[] } = {},
): AsyncGenerator<Buffer, void> {
  const { input, output, ended, kill } = inTree({ verb: 'pack', directory, notation })
  input?.end(changes === undefined ? '' : JSON.stringify(changes))
  try {
    for await (const chunk of output) yield chunk as Buffer
    await ended
  } finally {
    kill() // it has ended, unless nobody wanted the rest
  }
}

/** A directory as an archive, the same bytes for the same files. */
export const packTree = (directory: string): AsyncGenerator<Buffer, void> => pack(directory)

export async function listing(directory: string): Promise<Listing> {
  const { input, output, ended } = inTree({ verb: 'list', directory, notation: 'files' })
  input?.end()
  const found = new Map<string, ReturnType<typeof fromJson>>()
  for await (const line of linesOf(output)) {
    const entry = fromJson(line)
    found.set(entry.path.replace(/\/$/, ''), entry)
  }
  await ended
  return found
}

/** Not node:readline, for which other letters end a line, too: a file's name may have them. */
async function* linesOf(stream: Readable): AsyncGenerator<string, void> {
  let rest = ''
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
