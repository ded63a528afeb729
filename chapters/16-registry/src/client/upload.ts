// A blob from the store to a registry: not at all if it is there, mounted from a neighbour, or sent, and gone on with if it was
// cut.
//
//   await upload(session, 'team/app', descriptor, { open: (start) => blobs.open(digest, start), from: ['team/base'], retry })
//     → { how: 'there' | 'mounted' | 'sent', from? }
//
// Invariant: 'there' and 'mounted' are the registry's word for exactly this digest; what is sent, the registry checks against it.
// @see OCI distribution spec, "Pushing Blobs"
import type { Descriptor } from '@pocker/images'
import type { Source } from '@pocker/layers'
import { parseUploaded } from '../http/range.ts'
import { discard, type Reply } from './connection.ts'
import { isFault, RegistryError } from './errors.ts'
import { retried, type Retry } from './retry.ts'
import type { Session, SessionAsk } from './session.ts'

export interface UploadOptions {
  readonly open: (start: number) => Source
  /** Repositories there that may have it. */
  readonly from?: readonly string[]
  readonly retry: Retry
  /** How many bytes were sent so far. */
  readonly onProgress?: (bytes: number) => void
}

export interface Uploaded { readonly how: 'there' | 'mounted' | 'sent'; readonly from?: string }

export async function upload(
  session: Session, path: string, blob: Pick<Descriptor, 'digest' | 'size'>, options: UploadOptions,
): Promise<Uploaded> {
  const { retry, from = [] } = options
  if (await retried(retry, () => has(session, path, blob.digest))) return { how: 'there' }
  for (const neighbour of from) {
    const mounted = await retried(retry, () => mount(session, path, blob.digest, neighbour))
    if (mounted) return { how: 'mounted', from: neighbour }
  }
  await new Sending(session, path, blob, options).send()
  return { how: 'sent' }
}

async function has(session: Session, path: string, digest: string): Promise<boolean> {
  const reply = await session.ask(`/v2/${path}/blobs/${digest}`, { method: 'HEAD', expect: [200, 404] })
  await discard(reply)
  return reply.status === 200
}

/** If the registry cannot, it begins an upload, which is not wanted then; or it refuses, in one way or another. */
async function mount(session: Session, path: string, digest: string, from: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from })
  const url = `/v2/${path}/blobs/uploads/?${query.toString()}`
  const reply = await session.ask(url, { method: 'POST', length: 0, expect: [201, 202] }).catch((error: unknown) => {
    if (!isFault(error, 'UNAUTHORIZED', 'DENIED', 'NOT_FOUND', 'BAD_ANSWER')) throw error
  })
  if (!reply) return false
  await discard(reply)
  if (reply.status === 202) await cancel(session, session.locationOf(reply))
  return reply.status === 201
}

async function cancel(session: Session, location: URL): Promise<void> {
  await session.ask(location, { method: 'DELETE', expect: [204] }).then(discard, () => {}) // it ends by itself, some day
}

class Sending {
  readonly #session: Session
  readonly #path: string
  readonly #blob: Pick<Descriptor, 'digest' | 'size'>
  readonly #options: UploadOptions
  #location: URL | undefined

  constructor(session: Session, path: string, blob: Pick<Descriptor, 'digest' | 'size'>, options: UploadOptions) {
    this.#session = session
    this.#path = path
    this.#blob = blob
    this.#options = options
  }

  // region send
  async send(): Promise<void> {
    let before = 0
    await retried(this.#options.retry, async (progress) => {
      if (this.#location && await has(this.#session, this.#path, this.#blob.digest)) return // only the answer was lost
      const there = this.#location ? await this.#arrived(this.#location) : 0
      progress(Math.max(0, there - before))
      before = there
      if (there === 0) await this.#start()
      if (there > 0 && there < this.#blob.size) await this.#patch(there)
      await this.#put(there)
    })
  }
  // endregion

  async #start(): Promise<void> {
    this.#keep(await this.#session.ask(`/v2/${this.#path}/blobs/uploads/`, { method: 'POST', length: 0, expect: [202] }))
  }

  /** After a cut: how much is there. Not every registry says it: then it is begun anew. */
  async #arrived(location: URL): Promise<number> {
    const reply = await this.#session.ask(location, { expect: [204, 400, 404, 405] })
    const there = reply.status === 204 ? parseUploaded(reply.headers.range) : undefined
    if (there !== undefined && there <= this.#blob.size) {
      this.#keep(reply)
      return there
    }
    await discard(reply)
    if (reply.status === 204) await cancel(this.#session, location)
    return 0
  }

  /** What is missing, in one chunk. */
  async #patch(start: number): Promise<void> {
    const { size } = this.#blob
    const reply = await this.#ask(this.#location as URL, {
      method: 'PATCH', headers: { 'content-type': 'application/octet-stream', 'content-range': `${start}-${size - 1}` },
      length: size - start, body: () => this.#from(start), expect: [202, 204],
    })
    this.#keep(reply)
  }

  /** With all of it, if nothing is there yet. */
  async #put(there: number): Promise<void> {
    const { digest, size } = this.#blob
    const location = new URL(this.#location as URL)
    location.searchParams.set('digest', digest)
    const ask = there === 0 && size > 0 ? { length: size, body: () => this.#from(0) } : { length: 0 }
    const headers = { 'content-type': 'application/octet-stream' }
    await discard(await this.#ask(location, { method: 'PUT', headers, ...ask, expect: [201, 202, 204] }))
  }

  /** An upload that is not there any more is worth another try: it was finished, and only the answer lost; or it is begun anew. */
  async #ask(location: URL, ask: SessionAsk): Promise<Reply> {
    return await this.#session.ask(location, ask).catch((error: unknown) => {
      throw isFault(error, 'NOT_FOUND') ? new RegistryError('BUSY', error.message, { cause: error }) : error
    })
  }

  #keep(reply: Reply): void {
    this.#location = this.#session.locationOf(reply)
    reply.body.resume()
  }

  async* #from(start: number): AsyncGenerator<Uint8Array, void> {
    let sent = start
    for await (const chunk of this.#options.open(start)) {
      yield chunk
      sent += chunk.byteLength
      this.#options.onProgress?.(sent)
    }
  }
}
