// A registry server.
//
//   const registry = await serve({ root: '/var/lib/registry', port: 5000 })   → { url: 'http://127.0.0.1:5000', close() }
//   await serve({ …, htpasswd: '/etc/registry/htpasswd', tls: { cert, key } })
//
// Invariant: no request ends the server, whatever its bytes are; whoever may not come in learns nothing but that.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { parseBasic } from '../http/challenge.ts'
import { ApiError, type Answer } from './answer.ts'
import type { Place } from './call.ts'
import { htpasswd, type Admits } from './htpasswd.ts'
import { respond } from './routes.ts'
import { Storage } from './storage.ts'
import { Uploads } from './uploads.ts'

export interface ServeOptions {
  readonly root: string
  readonly host?: string
  /** 0: any that is free. */
  readonly port?: number
  readonly htpasswd?: string
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  /** Milliseconds in which nothing comes, or goes, until a connection is given up. */
  readonly idle?: number
  readonly log?: (line: Logged) => void
}

export interface Logged {
  readonly method: string
  readonly url: string
  readonly status: number
  /** What was not expected. */
  readonly error?: unknown
}

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** The other side went away, and reads no answer. */
const CUT = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'])
const [IDLE, HEADERS, AFTERWARDS] = [60_000, 30_000, 5000]

export async function serve(
  { root, host = '127.0.0.1', port = 5000, idle = IDLE, tls, htpasswd: file, log }: ServeOptions,
): Promise<Served> {
  const storage = new Storage(root)
  const place: Place = { storage, uploads: new Uploads(storage) }
  const admits = file === undefined ? undefined : htpasswd(file)
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void exchange(request, response, place, admits).then((line) => log?.(line))
  }
  // An upload may take hours: it is only idleness that is limited.
  const options = { requestTimeout: 0, headersTimeout: HEADERS, keepAliveTimeout: idle }
  const server: Server = tls ? createTlsServer({ ...options, ...tls }, listener) : createServer(options, listener)
  server.timeout = idle
  server.listen(port, host)
  await once(server, 'listening')
  const { address, port: actual, family } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${actual}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function exchange(
  request: IncomingMessage, response: ServerResponse, place: Place, admits: Admits | undefined,
): Promise<Logged> {
  const { method = '', url = '' } = request
  const answered: { answer: Answer; error?: unknown } =
    await admitted(request, admits).then(() => respond(request, place)).then((answer) => ({ answer }), failed)
  try {
    await write(request, response, answered.answer)
  } catch (error) {
    response.destroy()
    return { method, url, status: answered.answer.status, error }
  }
  return { method, url, status: answered.answer.status, ...('error' in answered && { error: answered.error }) }
}

async function admitted({ headers }: IncomingMessage, admits: Admits | undefined): Promise<void> {
  const credentials = parseBasic(headers.authorization)
  if (!admits || (credentials && await admits(credentials))) return
  throw new ApiError('UNAUTHORIZED', undefined, { 'www-authenticate': 'Basic realm="registry"' })
}

function failed(error: NodeJS.ErrnoException): { answer: Answer; error?: unknown } {
  if (error instanceof ApiError) return { answer: error.answer }
  if (CUT.has(error.code ?? '')) return { answer: new ApiError('BLOB_UPLOAD_INVALID', 'the connection was cut').answer }
  const { answer } = new ApiError(['ENOSPC', 'EDQUOT'].includes(error.code ?? '') ? 'NO_SPACE' : 'UNKNOWN')
  return { answer, error }
}

async function write(request: IncomingMessage, response: ServerResponse, { status, headers, body = '' }: Answer): Promise<void> {
  if (response.destroyed) return
  const stream = typeof body === 'function' && request.method !== 'HEAD' ? body() : undefined
  const length = typeof body === 'function' || status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }
  if (!request.complete) letGo(request, response)
  response.writeHead(
    status, { 'docker-distribution-api-version': 'registry/2.0', 'x-content-type-options': 'nosniff', ...length, ...headers }
  )
  if (stream) return await pipeline(stream, response)
  response.end(request.method === 'HEAD' ? undefined : body)
  await once(response, 'close')
}

/** What nobody reads of a request is passed over for a while, so that its sender gets to read the answer. */
function letGo(request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false
  const timer = setTimeout(() => request.destroy(), AFTERWARDS)
  request.once('close', () => clearTimeout(timer))
  response.once('finish', () => request.resume())
}
