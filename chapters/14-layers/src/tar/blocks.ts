// A stream of bytes, taken in pieces of a given length.
//
//   const blocks = new Blocks(source); await blocks.take(512)   → so many bytes, or undefined at the stream's end
//   for await (const chunk of blocks.part(size)) …              → so many bytes, as they come
//
// Invariant: no more is held than one chunk of the source, and what take() was asked for.
import { ArchiveError } from './entry.ts'

export type Source = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export class Blocks {
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #chunk: Buffer = Buffer.alloc(0)
  /** Bytes that were taken so far. */
  position = 0

  constructor(source: Source) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  /** @returns undefined at the end. @throws {ArchiveError} if it comes too early */
  async take(length: number): Promise<Buffer | undefined> {
    if (this.#chunk.length >= length) return this.#cut(length)
    const parts: Buffer[] = []
    let missing = length
    while (missing > 0) {
      if (this.#chunk.length === 0 && !await this.#more()) {
        if (missing === length) return undefined
        throw truncated()
      }
      const part = this.#cut(Math.min(missing, this.#chunk.length))
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  /** @throws {ArchiveError} if the end comes before */
  async need(length: number): Promise<Buffer> {
    const bytes = await this.take(length)
    if (!bytes) throw truncated()
    return bytes
  }

  /** @returns the next bytes, which stay; fewer, if there are no more */
  async peek(length: number): Promise<Buffer> {
    let chunk = this.#chunk
    while (chunk.length < length && await this.#more()) chunk = Buffer.concat([chunk, this.#chunk])
    this.#chunk = chunk
    return chunk.subarray(0, length)
  }

  /** All that is left, as it comes. */
  async *rest(): AsyncGenerator<Buffer, void> {
    try {
      while (this.#chunk.length > 0 || await this.#more()) yield this.#cut(this.#chunk.length)
    } finally {
      await this.end()
    }
  }

  /** @throws {ArchiveError} if the stream ends before */
  async *part(length: number): AsyncGenerator<Buffer, void> {
    for (let missing = length; missing > 0;) {
      if (this.#chunk.length === 0 && !await this.#more()) throw truncated()
      const part = this.#cut(Math.min(missing, this.#chunk.length))
      missing -= part.length
      yield part
    }
  }

  /** Passes over what is left up to there. @throws {ArchiveError} if the stream ends before */
  async skipTo(position: number): Promise<void> {
    for await (const _ of this.part(position - this.position));
  }

  /** Lets the source go. */
  async end(): Promise<void> {
    await this.#source.return?.()
  }

  async #more(): Promise<boolean> {
    const { value, done = false } = await this.#source.next()
    if (done) return false
    const bytes = value as Uint8Array
    this.#chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#chunk.length > 0 || this.#more()
  }

  #cut(length: number): Buffer {
    const part = this.#chunk.subarray(0, length)
    this.#chunk = this.#chunk.subarray(length)
    this.position += length
    return part
  }
}

const truncated = (): ArchiveError => new ArchiveError('expected more bytes, got its end: it was cut off')
