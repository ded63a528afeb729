// The name of content is the hash of its bytes.
//
//   digestOf(bytes)                                     → 'sha256:ba78…'
//   const tally = new Tally(); tallied(source, tally)   → the same bytes; afterwards tally.digest and tally.size
//
// @see OCI image spec, descriptor.md, "Digests"
import { createHash } from 'node:crypto'
import { SpecError } from '@pocker/syscalls'
import type { Source } from '../tar/blocks.ts'

export type Digest = `sha256:${string}`

const DIGEST = /^sha256:[0-9a-f]{64}$/

export const isDigest = (text: unknown): text is Digest => typeof text === 'string' && DIGEST.test(text)

/** @throws {SpecError} naming `what` */
export function parseDigest(what: string, text: unknown): Digest {
  if (isDigest(text)) return text
  throw new SpecError(`${what}: expected sha256: and 64 hexadecimal digits, got ${JSON.stringify(text) ?? 'nothing'}`)
}

export const digestOf = (bytes: string | Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** The 64 digits, which are a file's name. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length)

/** Counts and hashes what goes by. */
export class Tally {
  readonly #hash = createHash('sha256')
  size = 0

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    this.size += chunk.byteLength
  }

  /** Of all so far; more may be added. */
  get digest(): Digest {
    return `sha256:${this.#hash.copy().digest('hex')}`
  }
}

export async function* tallied(source: Source, tally: Tally): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) {
    tally.add(chunk)
    yield chunk
  }
}
