// Between archives and directories.
//
//   await unpack(createReadStream('layer.tar'), '/…/diff', { notation: 'overlay' })   → { entries, bytes }
//   for await (const chunk of pack('/…/diff', { notation: 'overlay' })) …               → the archive's bytes
//   await listing('/…/diff')                                                            → what is there
//
// Invariant: if unpacking fails, the directory is as it was, or gone; nothing outside of it changes, whatever the archive says.
import { mkdirSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Source } from '../tar/blocks.ts'
import { ArchiveError } from '../tar/entry.ts'
import type { Applied } from './apply.ts'
import type { Change, Listing } from './compare.ts'
import { fromJson } from './listing.ts'
import { inTree, type Order } from './process.ts'
import type { Notation } from './whiteout.ts'

export interface UnpackOptions extends Pick<Order, 'lowers' | 'lock'> {
  readonly notation?: Notation
  /** Bytes of the archive, at most: what was small when it was packed may be huge. */
  readonly most?: number
}

/**
 * @param directory which is not there yet; the one above it is
 * @throws {ArchiveError}
 */
export async function unpack(source: Source, directory: string, options: UnpackOptions = {}): Promise<Applied> {
  mkdirSync(directory, { mode: 0o755 })
  try {
    return await unpackOnto(source, directory, options)
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

/** Into a directory that may hold files, which an error leaves half changed. */
export async function unpackOnto(source: Source, directory: string, options: UnpackOptions = {}): Promise<Applied> {
  const { notation = 'files', most = Infinity, ...order } = options
  const { input, ended, kill } = inTree({ verb: 'unpack', directory, notation, ...order })
  try {
    await sent(limited(source, most), input, ended)
  } catch (error) {
    kill()
    await ended.catch(() => {})
    throw error
  }
  return ended
}

/** All of the source, even if nobody reads what stands behind the archive's end: its digest is of all. */
async function sent(source: Source, input: NodeJS.WritableStream, ended: Promise<unknown>): Promise<void> {
  let failed = false
  ended.catch(() => { failed = true })
  for await (const chunk of source) {
    if (failed) return
    if (!input.write(chunk)) await Promise.race([drained(input), ended.catch(() => {})])
  }
  input.end()
}

const drained = (input: NodeJS.WritableStream): Promise<void> => new Promise((resolve) => {
  input.once('drain', resolve).once('close', resolve)
})

async function* limited(source: Source, most: number): AsyncGenerator<Uint8Array, void> {
  let length = 0
  for await (const chunk of source) {
    length += chunk.byteLength
    if (length > most) throw new ArchiveError(`expected at most ${most} bytes, got more`)
    yield chunk
  }
}

/** @param changes of a directory that holds more than what changed */
export async function* pack(
  directory: string, { notation = 'files', changes }: { notation?: Notation; changes?: readonly Change[] } = {},
): AsyncGenerator<Buffer, void> {
  const { input, output, ended, kill } = inTree({ verb: 'pack', directory, notation })
  input.end(changes === undefined ? '' : JSON.stringify(changes))
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
  input.end()
  const found = new Map<string, ReturnType<typeof fromJson>>()
  for await (const line of createInterface({ input: output })) {
    const entry = fromJson(line)
    found.set(entry.path.replace(/\/$/, ''), entry)
  }
  await ended
  return found
}
