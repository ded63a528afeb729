// A conversation with one registry: each request with what lets it in, along redirects, and its errors in words.
//
//   const session = await connect(endpoints, options, ['repository:library/busybox:pull'])
//   await session.ask('/v2/library/busybox/manifests/latest', { expect: [200] })    → the reply
//   session.close()
//
// Invariant: what lets us in goes to the registry's own origin only; nobody is led from HTTPS to HTTP.
import { isFault, RegistryError, shown } from './errors.ts'
import { discard, readSmall, Wire, type Ask, type Reply } from './connection.ts'
import type { Credentials } from './credentials.ts'
import type { Endpoint } from './hosts.ts'
import { Pass, unauthorized } from './tokens.ts'

export interface SessionOptions {
  readonly credentials: (host: string) => Promise<Credentials | undefined> | Credentials | undefined
  readonly scopes: readonly string[]
  /** Milliseconds. */
  readonly idle: number
  readonly signal?: AbortSignal | undefined
  readonly offline?: boolean
}

export interface SessionAsk extends Ask {
  /** Every other status is an error. */
  readonly expect: readonly number[]
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const REDIRECTS_MAX = 5

/** The first that answers. @throws {RegistryError} what was wrong with the first, unless it was that it speaks HTTP */
export async function connect(endpoints: readonly Endpoint[], options: SessionOptions): Promise<Session> {
  let first: unknown
  for (const endpoint of endpoints) {
    const session = new Session(endpoint, options, await options.credentials(endpoint.host))
    try {
      await session.ping()
      return session
    } catch (error) {
      session.close()
      if (!isFault(error, 'CUT', 'BUSY', 'REFUSED', 'PLAIN_HTTP', 'X509') && !endpoint.isMirror) throw error
      first = first === undefined || isFault(first, 'PLAIN_HTTP') ? error : first
    }
  }
  throw first
}

export class Session {
  readonly endpoint: Endpoint
  readonly #wire: Wire
  readonly #pass: Pass

  constructor(endpoint: Endpoint, { scopes, idle, signal, offline = false }: SessionOptions, credentials: Credentials | undefined) {
    this.endpoint = endpoint
    this.#wire = new Wire({ idle, signal, trust: endpoint.trust })
    const isSecure = endpoint.base.protocol === 'https:'
    this.#pass = new Pass({ wire: this.#wire, host: endpoint.host, isSecure, scopes, credentials, offline })
  }

  /** Whether it is a registry, and lets us in. Who is let in here need not be asked in the middle of an upload. */
  async ping(): Promise<void> {
    await discard(await this.ask('/v2/', { expect: [200] }))
  }

  /** What the token server gave to be kept instead of a password. */
  get identityToken(): string | undefined {
    return this.#pass.identityToken
  }

  /** @param target a path here, or where an answer led to. @throws {RegistryError} */
  async ask(target: string | URL, { expect, ...ask }: SessionAsk): Promise<Reply> {
    const url = new URL(target, this.endpoint.base)
    const reply = await this.#followed(url, ask)
    if (expect.includes(reply.status)) return reply
    throw await this.#refused(reply, expect)
  }

  async #followed(start: URL, ask: Ask): Promise<Reply> {
    let url = start
    for (let count = 0; count <= REDIRECTS_MAX; count++) {
      const reply = await this.#admitted(url, ask)
      if (!REDIRECTS.has(reply.status)) return reply
      await discard(reply)
      url = this.locationOf(reply)
    }
    throw new RegistryError('BAD_ANSWER', `${start.host}: expected at most ${REDIRECTS_MAX} redirects, got more`)
  }

  // region admitted
  async #admitted(url: URL, ask: Ask): Promise<Reply> {
    if (url.origin !== this.endpoint.base.origin) return await this.#wire.send(url, ask)
    const attempt = async (): Promise<{ reply: Reply; header: string | undefined }> => {
      const header = await this.#pass.header()
      const proven = header === undefined ? ask : { ...ask, headers: { ...ask.headers, authorization: header } }
      return { reply: await this.#wire.send(url, proven), header }
    }
    const { reply, header } = await attempt()
    if (reply.status !== 401) return reply
    await discard(reply)
    await this.#pass.renew(reply.headers['www-authenticate'] ?? '', header)
    const { reply: second } = await attempt()
    if (second.status !== 401) return second
    await discard(second)
    throw unauthorized(this.endpoint.host, '401')
  }
  // endregion

  /** @throws {RegistryError} if the answer leads nowhere, or out of HTTPS */
  locationOf({ headers: { location }, url }: Reply): URL {
    const next = location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined
    const { base, trust: { isUnchecked } } = this.endpoint
    const isDown = url.protocol === 'https:' && next?.protocol !== 'https:' && !isUnchecked?.(base)
    if (next && /^https?:$/.test(next.protocol) && !isDown) return next
    const expected = isDown ? 'with https' : 'that is an address'
    const got = JSON.stringify(shown(location ?? ''))
    throw new RegistryError('BAD_ANSWER', `${url.host}: expected a Location ${expected}, got ${got}`)
  }

  async #refused(reply: Reply, expect: readonly number[]): Promise<RegistryError> {
    const said = messageOf(await readSmall(reply, 256 * 1024).catch(() => Buffer.alloc(0)))
    const { status, url: { host } } = reply
    const text = `${status}${said && ` (${said})`}`
    const retryAfter = pauseOf(reply.headers['retry-after'])
    const hint = `pocker login ${this.endpoint.host}`
    if (status === 429) {
      const message = `${host}: toomanyrequests: expected an answer, got ${text}; wait, or type: ${hint}`
      return new RegistryError('BUSY', message, { retryAfter })
    }
    // 416: what has arrived of an upload may have grown since we asked.
    if (status >= 500 || [408, 416].includes(status)) {
      return new RegistryError('BUSY', `${host}: expected ${expect.join(' or ')}, got ${text}`, { retryAfter })
    }
    if (status === 403) {
      return new RegistryError('DENIED', `${host}: expected the right to do this, got ${text}; type: ${hint}`)
    }
    if (status === 404) return new RegistryError('NOT_FOUND', `${host}: expected ${expect.join(' or ')}, got ${text}`)
    return new RegistryError('BAD_ANSWER', `${host}: expected ${expect.join(' or ')}, got ${text}`)
  }

  close(): void {
    this.#wire.close()
  }
}

/** Milliseconds: the header has seconds, or a date. */
function pauseOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const time = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(time) ? undefined : Math.max(0, time)
}

/** The errors of a registry, or what else it says. */
function messageOf(body: Buffer): string {
  try {
    const { errors } = JSON.parse(body.toString()) as { errors: readonly { code?: unknown; message?: unknown }[] }
    const lines = errors.map(({ code, message }) => `${String(code).toLowerCase().replaceAll('_', ' ')}: ${String(message)}`)
    return shown(lines.join('; '))
  } catch {
    return shown(body.toString()).slice(0, 80)
  }
}
