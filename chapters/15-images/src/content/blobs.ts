// Blobs: files whose name is the digest of what is in them.
//
//   const blobs = new Blobs('/var/lib/pocker/images')
//   await blobs.write(source, { digest, size })        → { digest, size }; refused if it is not what was expected
//   await blobs.fetch({ digest, size }, (from) => …)   → 'fetched', or 'there'; what a killed one had fetched is gone on with
//   blobs.read(digest), blobs.open(digest)             → a small one, checked once more; any one, as it comes
//
// Below ROOT, blobs/sha256/HEX is a whole one, ingest/HEX a part of one, HEX.lock beside it is held while it is fetched, and
// ingest/PID.BIRTH.N is one that is being written.
// Invariant: a file below blobs/ was hashed before it was renamed to its name; so what is there is whole, and right.
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync, statSync, type ReadStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, hexOf, isDigest, isLocked, locked, syncDirectory, type Digest, type Source } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { namesIn, removeDead, scratchName } from './scratch.ts'
import { Sink, TooLong } from './sink.ts'

export interface Stored { readonly digest: Digest; readonly size: number }
/** Bytes that are on disk and were hashed, but have no name yet. */
export interface Staged extends Stored { readonly file: string }

export type Get = (from: number) => Promise<Source> | Source

/** Bytes of what is read as a whole. */
const READ_MAX = 8 * 1024 * 1024

export class Blobs {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  path(digest: Digest): string {
    return join(this.root, 'blobs/sha256', hexOf(digest))
  }

  has(digest: Digest): boolean {
    return existsSync(this.path(digest))
  }

  list(): Digest[] {
    return namesIn(join(this.root, 'blobs/sha256')).map((hex) => `sha256:${hex}` as const).filter(isDigest)
  }

  /** @throws {SpecError} if it is not there */
  size(digest: Digest): number {
    const found = statSync(this.path(digest), { throwIfNoEntry: false })
    if (!found) throw missing(digest)
    return found.size
  }

  /** @param start bytes to leave out. @throws {SpecError} if it is not there */
  open(digest: Digest, start = 0): ReadStream {
    this.size(digest)
    return createReadStream(this.path(digest), { start, highWaterMark: 256 * 1024 })
  }

  /** @throws {SpecError} if it is not there, larger than `most`, or has been damaged since it was written */
  read(digest: Digest, most = READ_MAX): Buffer {
    const size = this.size(digest)
    if (size > most) throw new SpecError(`blob ${digest}: expected at most ${most} bytes, got ${size}`)
    const bytes = readFileSync(this.path(digest))
    const got = digestOf(bytes)
    if (got === digest) return bytes
    throw new SpecError(`blob ${digest}: expected its content, got that of ${got}: remove its image, and pull or load it again`)
  }

  /** @throws {SpecError} if digest or size are not as expected; nothing is left then */
  async write(source: Source, expected: Partial<Stored> = {}): Promise<Stored> {
    const staged = await this.stage(source, expected)
    await this.keep(staged)
    return { digest: staged.digest, size: staged.size }
  }

  /** The first half of write(): nobody sees it yet. Whoever asked gives it to keep() or to drop(). */
  async stage(source: Source, { digest, size }: Partial<Stored> = {}): Promise<Staged> {
    this.#prepare()
    const file = join(this.root, 'ingest', scratchName())
    try {
      const sink = await Sink.open(file, size)
      await filled(sink, source)
      const staged = { file, digest: sink.tally.digest, size: sink.tally.size }
      check(staged, { ...(digest && { digest }), ...(size !== undefined && { size }) })
      return staged
    } catch (error) {
      await rm(file, { force: true })
      throw told(error, `blob${digest ? ` ${digest}` : ''}`, this.root)
    }
  }

  async keep({ file, digest }: Staged): Promise<void> {
    await rename(file, this.path(digest))
    syncDirectory(join(this.root, 'blobs/sha256'))
  }

  async drop({ file }: Staged): Promise<void> {
    await rm(file, { force: true })
  }

  /**
   * One at a time among all processes for one digest, so that two who want the same get it once. If `get` fails, or is cut off,
   * what came is kept for the next one; if what came is something else, it is not.
   * @param get gives the bytes behind the first `from`
   * @param onProgress is told how many bytes there are so far
   */
  async fetch(expected: Stored, get: Get, onProgress: (bytes: number) => void = () => {}): Promise<'there' | 'fetched'> {
    if (this.has(expected.digest)) return 'there'
    this.#prepare()
    return await this.#alone(expected.digest, async () => {
      if (this.has(expected.digest)) return 'there'
      try {
        // A crash can leave anything in a part: if it was that which is wrong, there is a second chance.
        if (!await this.#goOn(expected, get, onProgress)) await this.#goOn(expected, get, onProgress)
      } catch (error) {
        throw told(error, `blob ${expected.digest}`, this.root)
      }
      return 'fetched'
    })
  }

  // region goOn
  /** @returns false if it was wrong, and had not been begun here: it is gone then */
  async #goOn(expected: Stored, get: Get, onProgress: (bytes: number) => void): Promise<boolean> {
    const part = join(this.root, 'ingest', hexOf(expected.digest))
    const sink = await Sink.open(part, expected.size)
    const from = sink.tally.size
    const missing = async function* (): AsyncGenerator<Uint8Array> {
      onProgress(from)
      if (from < expected.size) yield* await get(from)
    }
    await filled(sink, missing(), onProgress).catch(async (error: unknown) => {
      if (isHopeless(error)) await rm(part, { force: true })
      throw error
    })
    const { size, digest } = sink.tally
    if (size < expected.size) throw new SpecError(`expected ${expected.size} bytes, got ${size} and its end; try again to go on`)
    if (size === expected.size && digest === expected.digest) {
      await this.keep({ file: part, size, digest })
      return true
    }
    await rm(part, { force: true })
    if (from === 0) check(sink.tally, expected)
    return false
  }
  // endregion

  async remove(digest: Digest): Promise<number> {
    const size = statSync(this.path(digest), { throwIfNoEntry: false })?.size ?? 0
    await rm(this.path(digest), { force: true })
    return size
  }

  /** Takes away what those left who are no more. Parts stay: the next fetch goes on with them. */
  clean(): void {
    removeDead(join(this.root, 'ingest'))
  }

  /** Parts of blobs, but of those that are being fetched, or are to be kept. @returns how many bytes that was */
  async dropParts(keep: ReadonlySet<Digest>): Promise<number> {
    let bytes = 0
    for (const name of namesIn(join(this.root, 'ingest'))) {
      const digest = `sha256:${name.replace(/\.lock$/, '')}`
      if (!isDigest(digest) || keep.has(digest) || isLocked(this.#lock(digest))) continue
      bytes += await this.#alone(digest, async () => await this.#dropPart(digest))
    }
    return bytes
  }

  async #dropPart(digest: Digest): Promise<number> {
    const part = join(this.root, 'ingest', hexOf(digest))
    const size = statSync(part, { throwIfNoEntry: false })?.size ?? 0
    await rm(part, { force: true })
    return size
  }

  async #alone<T>(digest: Digest, body: () => Promise<T>): Promise<T> {
    const lock = this.#lock(digest)
    return await locked(lock, async () => await body().finally(() => rmSync(lock, { force: true })))
  }

  #lock(digest: Digest): string {
    return join(this.root, 'ingest', `${hexOf(digest)}.lock`)
  }

  #prepare(): void {
    for (const name of ['blobs/sha256', 'ingest']) mkdirSync(join(this.root, name), { recursive: true, mode: 0o700 })
  }
}

/** What came is on disk then, also if the rest does not come. */
async function filled(sink: Sink, source: Source, onProgress: (bytes: number) => void = () => {}): Promise<void> {
  try {
    for await (const chunk of source) {
      await sink.add(chunk)
      onProgress(sink.tally.size)
    }
  } finally {
    await sink.close()
  }
}

/** @throws {SpecError} */
function check(got: Stored, { digest = got.digest, size = got.size }: Partial<Stored>): void {
  if (got.size !== size) throw new SpecError(`expected ${size} bytes, got ${got.size}`)
  if (got.digest !== digest) throw new SpecError(`expected its content, got that of ${got.digest}`)
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code))
/** What came so far is of no use, or in the way. */
const isHopeless = (error: unknown): boolean => error instanceof TooLong || isFull(error)

const missing = (digest: Digest): SpecError =>
  new SpecError(`blob ${digest}: expected a file, got none; pull or load its image again`)

/** One line, and of what it is. */
function told(error: unknown, what: string, root: string): unknown {
  const full = `no space left on the disk of ${JSON.stringify(root)}; make room, or try: pocker image prune`
  if (isFull(error)) return new SpecError(`${what}: ${full}`, { cause: error })
  const isOurs = error instanceof TooLong || error?.constructor === SpecError
  return isOurs ? new SpecError(`${what}: ${(error as Error).message}`, { cause: error }) : error
}
