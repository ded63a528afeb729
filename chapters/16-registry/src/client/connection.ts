// One request over HTTP or HTTPS, and the beginning of its answer.
//
//   const wire = new Wire({ idle: 60_000 })
//   const { status, headers, body } = await wire.send(url, { method: 'PUT', length: 12, body: () => source })   … wire.close()
//
// Invariant: nothing is held but what is on its way; a server that says nothing for too long, or only drips, is given up.
import { once } from 'node:events'
import {
  Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Source } from '@pocker/layers'
import { explained, RegistryError } from './errors.ts'
import { machineRoots } from './hosts.ts'
import { proxyOf, toProxy, TunnelAgent } from './proxy.ts'

export interface Ask {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  /** Called anew for each try. */
  readonly body?: (() => Source) | undefined
  readonly length?: number
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: IncomingMessage
  readonly url: URL
}

/** What is known of a host's certificate. @see tls.connect */
export interface Trust {
  /** Beyond those that the machine trusts. */
  readonly ca?: readonly (string | Buffer)[]
  readonly cert?: Buffer
  readonly key?: Buffer
  /** Of a registry, its token server, or where it leads: whether any certificate will do. */
  readonly isUnchecked?: (url: URL) => boolean
}

export interface WireOptions {
  /** Milliseconds. */
  readonly idle: number
  readonly signal?: AbortSignal | undefined
  readonly trust?: Trust
}

/** Fewer bytes within the idle time are as good as none. */
const DRIP = 1024

export class Wire {
  readonly #http = new HttpAgent({ keepAlive: true })
  readonly #https: TunnelAgent
  readonly #idle: number
  readonly #signal: AbortSignal | undefined
  readonly #trust: Trust
  #checking: SecureContext | undefined

  constructor({ idle, signal, trust = {} }: WireOptions) {
    const { cert, key } = trust
    this.#https = new TunnelAgent({ keepAlive: true, ...(cert && key && { cert, key }) }, { idle, signal })
    this.#idle = idle
    this.#signal = signal
    this.#trust = trust
  }

  /** To read all of a machine's roots takes a while: once, and only if a certificate is to be checked. */
  #trusting(url: URL): { readonly rejectUnauthorized: false } | { readonly secureContext: SecureContext } {
    const { ca = [], isUnchecked, ...own } = this.#trust
    if (isUnchecked?.(url)) return { rejectUnauthorized: false }
    this.#checking ??= createSecureContext({ ...own, ca: [...machineRoots(), ...ca] })
    return { secureContext: this.#checking }
  }

  /** @throws {RegistryError} if no answer begins */
  async send(url: URL, { method = 'GET', headers = {}, body, length }: Ask = {}): Promise<Reply> {
    const isSecure = url.protocol === 'https:'
    const options = {
      method, agent: isSecure ? this.#https : this.#http, ...(this.#signal && { signal: this.#signal }),
      headers: {
        'user-agent': 'pocker', 'accept-encoding': 'identity', ...headers,
        ...(length !== undefined && { 'content-length': length }),
      },
    }
    let [request, asked]: [ClientRequest | undefined, URL] = [undefined, url]
    try {
      this.#signal?.throwIfAborted()
      const proxy = isSecure ? undefined : proxyOf(url) // for HTTPS, the agent asks it
      asked = proxy ?? url
      request = proxy
        ? httpRequest({ ...options, ...toProxy(proxy, { ...options.headers, host: url.host }), path: url.href })
        : isSecure ? httpsRequest(url, { ...options, ...this.#trusting(url) }) : httpRequest(url, options)
      return await this.#exchange(request, body?.() ?? [], url)
    } catch (error) {
      request?.destroy()
      throw explained(asked === url ? url.host : `proxy ${asked.host}`, error)
    }
  }

  async #exchange(request: ClientRequest, body: Source, url: URL): Promise<Reply> {
    this.#watch(request, url.host)
    const replied = once(request, 'response')
    const sent = write(request, body)
    const [response] = await Promise.race([replied, sent.then(() => replied)]) as [IncomingMessage]
    if (!request.writableFinished) response.once('close', () => request.destroy()) // it wants no more of the body
    return { status: response.statusCode ?? 0, headers: response.headers, body: response, url }
  }

  #watch(request: ClientRequest, host: string): void {
    let [before, response]: [number, IncomingMessage | undefined] = [0, undefined]
    request.once('response', (got: IncomingMessage) => { response = got })
    const timer = setInterval(() => {
      const now = (request.socket?.bytesRead ?? 0) + (request.socket?.bytesWritten ?? 0)
      const isOurs = (response?.readableLength ?? 0) > 0 // bytes are here; it is we who do not read them
      if (now - before < DRIP && !isOurs) {
        const error = new RegistryError(
          'CUT', `${host}: expected ${DRIP} bytes or more within ${this.#idle} ms, got ${now - before}`
        )
        response ? response.destroy(error) : request.destroy(error)
      }
      before = now
    }, this.#idle)
    request.once('close', () => clearInterval(timer))
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }
}

/** Until all is sent, or the answer is there. It fails only if the source does. */
async function write(request: ClientRequest, source: Source): Promise<void> {
  const over = new AbortController()
  for (const event of ['response', 'close', 'error']) request.once(event, () => over.abort())
  for await (const chunk of source) {
    if (over.signal.aborted) return
    if (!request.write(chunk)) await once(request, 'drain', { signal: over.signal }).catch(() => {})
  }
  request.end()
}

/** @throws {RegistryError} if it is longer, or cut */
export async function readSmall({ body, url }: Reply, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > most) throw new RegistryError('BAD_ANSWER', `${url.host}: expected at most ${most} bytes, got more`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw explained(url.host, error)
  }
  return Buffer.concat(chunks)
}

/** So that the connection is free for the next request; if there is much of it, the connection goes instead. */
export async function discard(reply: Reply): Promise<void> {
  await readSmall(reply, 64 * DRIP).catch(() => reply.body.destroy())
}
