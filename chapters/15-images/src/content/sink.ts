// The writing end of a blob: chunks are gathered, written in large pieces, counted and hashed.
//
//   const sink = await Sink.open(path, most); for await (const chunk of source) await sink.add(chunk); await sink.close()
//
// Invariant: after close(), what was added is on disk, and the tally is of all that is in the file.
import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Tally } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'

/** Bytes: a write for each chunk of a network would cost more than the bytes in it. */
const PIECE = 1024 * 1024

export class TooLong extends SpecError {}

export class Sink {
  readonly tally = new Tally()
  readonly #file: FileHandle
  readonly #most: number
  #pending: Uint8Array[] = []
  #length = 0

  private constructor(file: FileHandle, most: number) {
    this.#file = file
    this.#most = most
  }

  /** Goes on behind what is there. @param most bytes of the file: more is refused before it is written */
  static async open(path: string, most = Infinity): Promise<Sink> {
    const sink = new Sink(await open(path, 'a', 0o644), most)
    for await (const chunk of createReadStream(path, { highWaterMark: PIECE })) sink.tally.add(chunk as Buffer)
    return sink
  }

  async add(chunk: Uint8Array): Promise<void> {
    if (this.tally.size + chunk.byteLength > this.#most) throw new TooLong(`expected ${this.#most} bytes, got more`)
    this.tally.add(chunk)
    this.#pending.push(chunk)
    this.#length += chunk.byteLength
    if (this.#length >= PIECE) await this.#flush()
  }

  async close(): Promise<void> {
    try {
      await this.#flush()
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
  }

  async #flush(): Promise<void> {
    const pieces = this.#pending
    this.#pending = []
    this.#length = 0
    for (let rest = pieces; rest.length > 0;) {
      const { bytesWritten } = await this.#file.writev(rest)
      rest = behind(rest, bytesWritten)
    }
  }
}

/** writev(2) may write less than it was given. */
function behind(pieces: readonly Uint8Array[], written: number): Uint8Array[] {
  let missing = written
  return pieces.flatMap((piece) => {
    const skipped = Math.min(missing, piece.byteLength)
    missing -= skipped
    return skipped === piece.byteLength ? [] : [piece.subarray(skipped)]
  })
}
