// A registry that is made for a check, and who plays an answer's list of requests against it.
//
//   const registry = new Registry({ demands: ['digest'] })
//   const { log, ended } = play(list, registry, bodies)     → what was asked and answered, up to the first answer from 400 up
//
// The answer's list is a stranger's data. The registry is an object of the grader's, and the only one that is ever asked: a
// request has a path, and no host.
// Invariant: each request is checked in all its parts before it is made; there are few, and no name in them is used as one of ours.
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { Failure } from '@pocker/grader'
import type { Json } from '@pocker/syscalls'

export const digestOf = (bytes: string | Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

interface Request {
  readonly method: string
  readonly path: string | { readonly locationOf: string }
  readonly query: ReadonlyMap<string, string>
  /** By lower-case names. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Body | undefined
  readonly as: string | undefined
}
type Body = { readonly text: string } | { readonly blob: string } | { readonly from: number; readonly to: number }

const METHODS = ['HEAD', 'GET', 'POST', 'PATCH', 'PUT', 'DELETE']
const MOST_REQUESTS = 64
/** Characters. */
const LONGEST = 1000
const FIELDS = ['method', 'path', 'query', 'headers', 'body', 'as']
const BODIES = [['text'], ['blob'], ['from', 'to']]

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isShort = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x20-\x7e]*$/.test(value) && value.length <= LONGEST
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 200)

/** @throws {Failure} that says of which request something else was expected */
export function requests(list: Json): Request[] {
  if (!Array.isArray(list)) throw new Failure(`expected a list of requests, got ${shown(list)}`)
  if (list.length > MOST_REQUESTS) throw new Failure(`expected at most ${MOST_REQUESTS} requests, got ${list.length}`)
  return list.map((item, i) => request(item, (what, got) => new Failure(`request ${i + 1}: expected ${what}, got ${shown(got)}`)))
}

type Refuse = (expected: string, got: unknown) => Failure

function request(item: Json, refuse: Refuse): Request {
  if (!isObject(item)) throw refuse('an object', item)
  const other = Object.keys(item).find((field) => !FIELDS.includes(field))
  if (other !== undefined) throw refuse(`no other fields than ${FIELDS.join(', ')}`, other)
  const { method, path, query = {}, headers = {}, body, as } = item
  if (typeof method !== 'string' || !METHODS.includes(method)) throw refuse(`a method of ${METHODS.join(', ')}`, method)
  if (as !== undefined && !isShort(as)) throw refuse('as: a name', as)
  return {
    method, path: pathOf(path, refuse), query: pairs('query', query, refuse), headers: headersOf(headers, refuse),
    body: bodyOf(body, refuse), as,
  }
}

function pathOf(path: unknown, refuse: Refuse): Request['path'] {
  const location = isObject(path) && Object.keys(path).length === 1 ? path['locationOf'] : undefined
  if (isShort(location)) return { locationOf: location }
  // What a URL makes of it must be the same: no host, no .. and no # in it.
  if (isShort(path) && path.startsWith('/v2/') && href(path) === path) return path
  throw refuse('a path that begins with /v2/, or { locationOf: name }', path)
}

const OWN = 'http://images.test'
const href = (path: string): string => {
  const { origin, pathname, search } = new URL(path, OWN)
  return origin === OWN ? pathname + search : ''
}

function pairs(what: string, value: unknown, refuse: Refuse): Map<string, string> {
  if (!isObject(value)) throw refuse(`${what}: an object of texts`, value)
  const all = Object.entries(value)
  const wrong = all.find(([name, text]) => !/^[\w-]{1,100}$/.test(name) || !isShort(text))
  if (wrong) throw refuse(`${what}: names and short texts of printable characters`, Object.fromEntries([wrong]))
  return new Map(all as [string, string][])
}

const headersOf = (value: unknown, refuse: Refuse): Map<string, string> =>
  new Map([...pairs('headers', value, refuse)].map(([name, text]) => [name.toLowerCase(), text]))

function bodyOf(value: unknown, refuse: Refuse): Body | undefined {
  if (value === undefined) return undefined
  const fields = isObject(value) ? Object.keys(value).toSorted().join() : ''
  const isRight = isObject(value) && BODIES.some((names) => names.join() === fields)
    && Object.values(value).every((part) => (fields === 'from,to' ? Number.isSafeInteger(part) : typeof part === 'string'))
  if (!isRight) throw refuse('body: { text }, { blob: digest } or { from, to }', value)
  return value as unknown as Body
}

export interface Sent {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}
export interface Reply { readonly status: number; readonly location?: string; readonly range?: string; readonly error?: string }
export interface Exchange { readonly sent: Sent; readonly reply: Reply }
export interface Played {
  readonly log: readonly Exchange[]
  /** Which request was refused, and why. */
  readonly ended?: string
}

/** What bodies are taken from: blobs by digest, and the one of which parts are sent. */
export interface Bodies { readonly blobs?: ReadonlyMap<string, Buffer>; readonly blob?: Buffer }

/** @throws {Failure} if a request is none, or asks for what is not there */
export function play(list: Json, answer: (sent: Sent) => Reply, bodies: Bodies): Played {
  const [log, locations]: [Exchange[], Map<string, string | undefined>] = [[], new Map()]
  for (const [i, asked] of requests(list).entries()) {
    const refuse: Refuse = (what, got) => new Failure(`request ${i + 1}: expected ${what}, got ${shown(got)}`)
    const { method, headers } = asked
    const sent = { ...resolved(asked, locations, refuse), method, headers, body: bytes(asked.body, bodies, refuse) }
    const reply = answer(sent)
    log.push({ sent, reply })
    if (asked.as !== undefined) locations.set(asked.as, reply.location)
    if (reply.status >= 400 && asked.method !== 'HEAD') {
      return { log, ended: `request ${i + 1}, ${sent.method} ${sent.path}: the registry answered ${reply.status} ${reply.error}` }
    }
  }
  return { log }
}

function resolved(
  { path, query }: Request, locations: ReadonlyMap<string, string | undefined>, refuse: Refuse,
): Pick<Sent, 'path' | 'query'> {
  const location = typeof path === 'string' ? path : locations.get(path.locationOf)
  if (location === undefined) throw refuse('locationOf: the name of an earlier request whose answer has a Location', path)
  const url = new URL(location, OWN)
  if (url.origin !== OWN) throw new Error(`the registry sent us to ${url.origin}`)
  for (const [name, value] of query) url.searchParams.set(name, value)
  return { path: url.pathname, query: url.searchParams }
}

function bytes(body: Body | undefined, { blobs, blob }: Bodies, refuse: Refuse): Buffer {
  if (!body) return Buffer.alloc(0)
  if ('text' in body) return Buffer.from(body.text)
  if ('blob' in body) {
    const found = blobs?.get(body.blob)
    if (!found) throw refuse('body: the digest of one of the blobs', body.blob)
    return found
  }
  const size = blob?.length ?? 0
  if (!(body.from >= 0 && body.from <= body.to && body.to <= size)) throw refuse(`body: 0 <= from <= to <= ${size}`, body)
  return blob?.subarray(body.from, body.to) ?? Buffer.alloc(0)
}

/** Not every registry insists on everything; each check has one that insists on what it is about. */
type Demand =
  /** An upload ends with the digest of what was sent. */
  | 'digest'
  /** A chunk says, in Content-Range, which bytes it has. */
  | 'range'
  /** A manifest says what it is. */
  | 'type'
  /** All that a manifest names is there before it. */
  | 'parts'

interface Upload { readonly repository: string; readonly path: string; readonly state: string; readonly bytes: Buffer }

const word = (): string => randomBytes(6).toString('hex')
const error = (status: number, code: string): Reply => ({ status, error: code })

/** As the distribution specification has it, and with all the freedom that it leaves. */
export class Registry {
  /** `repository@digest` */
  readonly blobs = new Map<string, Buffer>()
  /** By `repository:tag`, or `repository:digest`. */
  readonly manifests = new Map<string, Buffer>()
  /** Digests, in the order in which uploads of them ended. */
  readonly ended: string[] = []
  begun = 0
  #uploads: readonly Upload[] = []
  readonly #demands: readonly Demand[]
  readonly #moves: boolean

  /** @param asked.moves whether an upload is somewhere else after each request */
  constructor({ demands = [], moves = false }: { readonly demands?: readonly Demand[]; readonly moves?: boolean } = {}) {
    this.#demands = demands
    this.#moves = moves
  }

  /** As if it had been pushed before. */
  has(repository: string, content: Buffer): void {
    this.blobs.set(`${repository}@${digestOf(content)}`, content)
  }

  /** As if it had been begun before. @returns where it is */
  begin(repository: string, arrived: Buffer): string {
    return this.#keep(repository, arrived).relative
  }

  readonly answer = (sent: Sent): Reply => {
    const { method, path } = sent
    const [, name = '', kind = '', last = ''] = /^\/v2\/(.+)\/(blobs|manifests)\/([^/]+|uploads\/?)$/.exec(path) ?? []
    if (method === 'POST' && kind === 'blobs' && /^uploads\/?$/.test(last)) {
      this.begun += 1
      return { status: 202, location: this.#keep(name, Buffer.alloc(0)).location }
    }
    const upload = this.#uploads.find((one) => one.path === path)
    if (upload && upload.state !== sent.query.get('_state')) return error(404, 'BLOB_UPLOAD_UNKNOWN: another _state')
    if (upload) return this.#upload(upload, sent)
    if (kind === 'manifests' && method === 'PUT') return this.#manifest(name, last, sent)
    if (['GET', 'HEAD'].includes(method) && this.blobs.has(`${name}@${last}`)) return { status: 200 }
    return error(404, path.includes('/uploads/') ? 'BLOB_UPLOAD_UNKNOWN' : kind === 'blobs' ? 'BLOB_UNKNOWN' : 'NOT_FOUND')
  }

  #upload(upload: Upload, { method, query, headers, body }: Sent): Reply {
    const { repository, bytes: before } = upload
    if (method === 'GET') return { status: 204, ...(before.length > 0 && { range: `0-${before.length - 1}` }) }
    if (method !== 'PATCH' && method !== 'PUT') return error(405, 'UNSUPPORTED')
    const range = headers.get('content-range')
    const right = `${before.length}-${before.length + body.length - 1}`
    if (this.#demands.includes('range') && (body.length > 0 || method === 'PATCH') && range !== right) {
      return error(416, `RANGE_INVALID: Content-Range: expected ${right} for these ${body.length} bytes, got ${range ?? 'none'}`)
    }
    const all = Buffer.concat([before, body])
    this.#uploads = this.#uploads.filter((one) => one !== upload)
    if (method === 'PATCH') return { status: 202, location: this.#keep(repository, all, this.#moves ? undefined : upload).location }
    const digest = query.get('digest')
    if (this.#demands.includes('digest') && digest !== digestOf(all)) {
      return error(400, `DIGEST_INVALID: expected ${digestOf(all)} for the ${all.length} bytes that came, got ${digest ?? 'none'}`)
    }
    this.has(repository, all)
    this.ended.push(digestOf(all))
    return { status: 201, location: `/v2/${repository}/blobs/${digestOf(all)}` }
  }

  #manifest(repository: string, reference: string, { headers, body }: Sent): Reply {
    const { mediaType, digests } = read(body)
    if (digests.length === 0) return error(400, 'MANIFEST_INVALID: expected a config and layers')
    const type = headers.get('content-type')
    if (this.#demands.includes('type') && (type === undefined || type !== mediaType)) {
      return error(400, `MANIFEST_INVALID: Content-Type: expected ${mediaType ?? 'the manifest\'s'}, got ${type ?? 'none'}`)
    }
    const lacks = digests.find((digest) => !this.blobs.has(`${repository}@${digest}`))
    if (this.#demands.includes('parts') && lacks) return error(400, `MANIFEST_BLOB_UNKNOWN: ${lacks} is not there yet`)
    this.manifests.set(`${repository}:${reference}`, body)
    return { status: 201, location: `/v2/${repository}/manifests/${digestOf(body)}` }
  }

  /** Where an upload is has no meaning but for the registry: a path of its own, a state, with its host or without. */
  #keep(repository: string, arrived: Buffer, before?: Upload): { location: string; relative: string } {
    const path = before?.path ?? (randomInt(2) ? `/v2/${repository}/blobs/uploads/${word()}` : `/v2/uploads/${word()}/${word()}`)
    const upload = { repository, path, state: before?.state ?? word(), bytes: arrived }
    this.#uploads = [...this.#uploads, upload]
    const relative = `${path}?_state=${upload.state}`
    return { relative, location: randomInt(2) ? relative : OWN + relative }
  }
}

/** What a manifest names; of what is none, nothing. */
function read(body: Buffer): { mediaType?: string; digests: readonly string[] } {
  try {
    const { mediaType, config, layers } = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>
    const parts: readonly unknown[] = [config, ...Array.isArray(layers) ? layers : []]
    const digests = parts.filter(isObject).map(({ digest }) => (typeof digest === 'string' ? digest : 'a blob without digest'))
    return { ...(typeof mediaType === 'string' && { mediaType }), digests }
  } catch {
    return { digests: [] }
  }
}
