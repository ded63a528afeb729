// What a registry wants to see before it answers: a password, or a token that another server gives for one.
//
//   const pass = new Pass({ host, wire, scopes: ['repository:library/busybox:pull'], credentials })
//   pass.header                              → undefined, or what goes into Authorization
//   await pass.renew('Bearer realm=…')       → after a 401
//
// Invariant: a password goes to the registry that it is for, and to the token server that this one names, encrypted unless the
// registry itself is spoken to in the clear; a token goes to the registry only.
// @see distribution spec, token.md, oauth.md: "Docker Registry v2 authentication"
import { basic, parseChallenges, type Challenge } from '../http/challenge.ts'
import { readSmall, type Ask, type Reply, type Wire } from './connection.ts'
import type { Credentials } from './credentials.ts'
import { RegistryError, shown } from './errors.ts'

export interface PassOptions {
  readonly wire: Wire
  /** As in `pocker login HOST`. */
  readonly host: string
  readonly isSecure: boolean
  readonly scopes: readonly string[]
  readonly credentials: Credentials | undefined
  /** Asks for a token that can be kept instead of the password. */
  readonly offline?: boolean
}

/** Who asks, for the token server's log. */
const CLIENT = 'pocker'
/** Bytes, seconds: of a token, its life if nobody says, and how long before its end it is renewed. */
const [TOKEN_MAX, LIFE, EARLY] = [1024 * 1024, 60, 10]

export class Pass {
  readonly #options: PassOptions
  #header: string | undefined
  #until = Infinity
  #renewing: Promise<void> | undefined
  #bearer: Challenge | undefined
  /** What the token server gave to be kept. */
  identityToken: string | undefined

  constructor(options: PassOptions) {
    this.#options = options
  }

  /** Renewed, if it is about to end. */
  async header(): Promise<string | undefined> {
    if (this.#bearer && Date.now() >= this.#until) await this.#once(this.#bearer)
    return this.#header
  }

  /**
   * @param used the header that was refused: several requests may come back with the same one
   * @throws {RegistryError} UNAUTHORIZED if there is nothing to show
   */
  async renew(challenge: string, used: string | undefined): Promise<void> {
    if (used !== this.#header) return
    const challenges = parseChallenges(challenge)
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    if (bearer) return await this.#once(bearer)
    const { credentials, host } = this.#options
    if (!challenges.some(({ scheme }) => scheme === 'basic')) {
      throw new RegistryError(
        'BAD_ANSWER', `${host}: expected a question for Basic or Bearer, got ${JSON.stringify(shown(challenge))}`
      )
    }
    if (!credentials || 'identityToken' in credentials || used !== undefined) throw unauthorized(host, credentials && '401')
    this.#header = basic(credentials.username, credentials.password)
  }

  async #once(bearer: Challenge): Promise<void> {
    this.#bearer = bearer
    this.#renewing ??= this.#renew(bearer).finally(() => { this.#renewing = undefined })
    await this.#renewing
  }

  async #renew({ parameters }: Challenge): Promise<void> {
    const { host, wire, credentials, scopes } = this.#options
    const realm = this.#realm(parameters['realm'])
    const wanted = scopes.length > 0 ? scopes : [parameters['scope'] ?? ''].filter(Boolean)
    const ask = credentials && 'identityToken' in credentials
      ? this.#refresh(parameters['service'], wanted, credentials.identityToken)
      : this.#get(realm, parameters['service'], wanted, credentials)
    const reply = await wire.send(realm, ask)
    const body = await readSmall(reply, TOKEN_MAX)
    if ([401, 403].includes(reply.status) || (reply.status === 400 && credentials)) {
      throw unauthorized(host, `${reply.status} from ${realm.host}`)
    }
    const { token, life, refresh } = readToken(realm, reply, body)
    this.#header = `Bearer ${token}`
    this.#until = Date.now() + Math.max(0, life - EARLY) * 1000
    this.identityToken = refresh
  }

  #realm(text: string | undefined): URL {
    const { host, isSecure } = this.#options
    const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && !isSecure)) return url
    throw new RegistryError(
      'BAD_ANSWER', `${host}: expected the https:// address of a token server, got ${JSON.stringify(shown(text ?? ''))}`
    )
  }

  #get(realm: URL, service: string | undefined, scopes: readonly string[], credentials: Credentials | undefined): Ask {
    if (service !== undefined) realm.searchParams.set('service', service)
    for (const scope of scopes) realm.searchParams.append('scope', scope)
    if (!credentials || 'identityToken' in credentials) return {}
    realm.searchParams.set('account', credentials.username)
    realm.searchParams.set('client_id', CLIENT)
    if (this.#options.offline) realm.searchParams.set('offline_token', 'true')
    return { headers: { authorization: basic(credentials.username, credentials.password) } }
  }

  #refresh(service: string | undefined, scopes: readonly string[], token: string): Ask {
    const form = new URLSearchParams({
      grant_type: 'refresh_token', client_id: CLIENT, refresh_token: token, service: service ?? '', scope: scopes.join(' '),
    })
    const body = Buffer.from(form.toString())
    return {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, length: body.length, body: () => [body],
    }
  }
}

function readToken({ host }: URL, { status }: Reply, body: Buffer): { token: string; life: number; refresh: string | undefined } {
  const bad = (got: string): RegistryError =>
    new RegistryError(status >= 500 || status === 429 ? 'BUSY' : 'BAD_ANSWER', `${host}: expected a token, got ${got}`)
  if (status !== 200) throw bad(`${status}: ${shown(body.toString())}`)
  let answer: Record<string, unknown>
  try {
    answer = Object(JSON.parse(body.toString())) as Record<string, unknown>
  } catch {
    throw bad(JSON.stringify(shown(body.toString()).slice(0, 60)))
  }
  const token = answer['token'] || answer['access_token']
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw bad('an answer without a token')
  const [life, refresh] = [answer['expires_in'], answer['refresh_token']]
  return {
    token, life: typeof life === 'number' && life > 0 ? life : LIFE,
    refresh: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
  }
}

export const unauthorized = (host: string, got = 'none'): RegistryError =>
  new RegistryError('UNAUTHORIZED', `expected a login to ${host}, got ${got}; type: pocker login ${host}`)
