// A blob from a registry into the store: gone on with where it was cut, checked as it comes.
//
//   await download(blobs, session, 'library/busybox', descriptor, { retry, onProgress })   → 'fetched', or 'there'
//
// Invariant: no byte is taken that the server says is another one's, nor more than there should be; blobs.fetch checks the digest.
import type { Blobs, Descriptor } from '@pocker/images'
import type { Source } from '@pocker/layers'
import { parseContentRange } from '../http/range.ts'
import type { Reply } from './connection.ts'
import { explained, RegistryError, shown } from './errors.ts'
import { retried, type Retry } from './retry.ts'
import type { Session } from './session.ts'

export interface DownloadOptions {
  readonly retry: Retry
  /** How many bytes there are so far. */
  readonly onProgress?: (bytes: number) => void
}

type Wanted = Pick<Descriptor, 'digest' | 'size'>

export async function download(
  blobs: Blobs, session: Session, path: string, wanted: Wanted, { retry, onProgress }: DownloadOptions,
): Promise<'there' | 'fetched'> {
  return await retried(retry, async (progress) =>
    await blobs.fetch(wanted, async (from) => counted(await rest(session, path, wanted, from), progress), onProgress))
}

// region rest
/** The bytes behind the first `from`. */
async function rest(session: Session, path: string, { digest, size }: Wanted, from: number): Promise<Source> {
  const headers = from > 0 ? { range: `bytes=${from}-` } : {}
  const reply = await session.ask(`/v2/${path}/blobs/${digest}`, { headers, expect: [200, 206] })
  const start = reply.status === 206 ? partStart(reply, from, size) : 0
  checkLength(reply, size - start)
  return part(reply, { skip: from - start, take: size - from })
}
// endregion

function partStart({ headers, url, body }: Reply, from: number, size: number): number {
  const range = parseContentRange(headers['content-range'])
  if (range?.start === from && range.end === size - 1 && (range.size ?? size) === size) return from
  body.destroy()
  throw new RegistryError(
    'BAD_ANSWER',
    `${url.host}: expected Content-Range bytes ${from}-${size - 1}/${size}, got ${shown(headers['content-range'] ?? 'none')}`
  )
}

function checkLength({ headers, url, body }: Reply, expected: number): void {
  const [length, encoding] = [headers['content-length'], headers['content-encoding'] ?? 'identity']
  if (encoding === 'identity' && (length === undefined || Number(length) === expected)) return
  body.destroy()
  throw new RegistryError(
    'BAD_ANSWER', `${url.host}: expected ${expected} bytes, got ${shown(`${length ?? 'no length'} ${encoding}`)}`
  )
}

/** A server that knows no ranges sends all from the start: what we have is passed over. */
async function* part({ body, url }: Reply, { skip, take }: { skip: number; take: number }): AsyncGenerator<Uint8Array, void> {
  let [before, left] = [skip, take]
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const bytes = chunk.subarray(Math.min(before, chunk.length))
      before -= chunk.length - bytes.length
      left -= bytes.length
      if (left < 0) throw new RegistryError('BAD_ANSWER', `${url.host}: expected ${take + skip} bytes, got more`)
      yield bytes
    }
  } catch (error) {
    throw explained(url.host, error)
  }
  if (left > 0) {
    throw new RegistryError(
      'CUT', `${url.host}: expected ${take + skip} bytes, got ${take + skip - left} before the connection was cut`
    )
  }
}

async function* counted(source: Source, progress: (bytes: number) => void): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) {
    progress(chunk.byteLength)
    yield chunk
  }
}
