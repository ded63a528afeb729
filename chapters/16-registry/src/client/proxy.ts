// The way out of a network that has one door: a proxy, if the environment names one.
//
//   proxyOf(new URL('https://images.example'))     → what HTTPS_PROXY says; undefined: straight there
//   new TunnelAgent({ keepAlive: true }, { idle })   an https.Agent that asks the proxy for a tunnel, where there is one
//
// Invariant: of HTTPS, a proxy sees the host's name and nothing more; its password goes to it alone; what runs on this machine is
// asked straight.
// @see RFC 9110, 9.3.6, CONNECT; Go's httpproxy, whose rules Docker follows
import { once } from 'node:events'
import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent, type AgentOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SpecError } from '@pocker/syscalls'
import { basic } from '../http/challenge.ts'
import { explained, RegistryError } from './errors.ts'
import { isNamed, LOOPBACK } from './hosts.ts'

const variable = (name: string): string => process.env[name] || process.env[name.toLowerCase()] || ''

/** @throws {SpecError} if it is no address of one */
export function proxyOf(url: URL): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const straight = variable('NO_PROXY').split(',').map((entry) => entry.trim()).filter(Boolean)
  if (variable(name) === '' || [...LOOPBACK, ...straight].some((entry) => isMeant(url, entry))) return undefined
  const address = variable(name).replace(/^(?!\w+:\/\/)/, 'http://')
  const proxy = URL.canParse(address) ? new URL(address) : undefined
  if (proxy?.protocol === 'http:') return proxy
  throw new SpecError(`${name}: expected the address of a proxy, http://HOST:PORT, got something else`) // with a password, maybe
}

/** A domain means the hosts in it as well. */
function isMeant({ hostname, host }: URL, entry: string): boolean {
  const domain = entry.replace(/^\*?\./, '')
  return entry === '*' || hostname.endsWith(`.${domain}`) || isNamed(hostname, host, [domain])
}

/** A request to the proxy itself: where it is, and our password there. */
export function toProxy(proxy: URL, headers: RequestOptions['headers']): RequestOptions {
  const [username, password] = [proxy.username, proxy.password].map(decodeURIComponent) as [string, string]
  const proof = username === '' ? {} : { 'proxy-authorization': basic(username, password) }
  return { host: proxy.hostname.replaceAll(/[[\]]/g, ''), port: proxy.port || 80, headers: { ...headers, ...proof } }
}

interface Waiting { readonly idle: number; readonly signal?: AbortSignal | undefined }

export class TunnelAgent extends Agent {
  readonly #waiting: Waiting

  constructor(options: AgentOptions, waiting: Waiting) {
    super(options)
    this.#waiting = waiting
  }

  override createConnection(options: RequestOptions, callback: (error: Error | null, socket: Duplex) => void): Duplex | undefined {
    const place = `${options.host?.includes(':') ? `[${options.host}]` : options.host}:${options.port ?? 443}`
    const proxy = proxyOf(new URL(`https://${place}`))
    if (!proxy) return super.createConnection(options) as Duplex
    const connect = async (): Promise<void> => {
      try {
        const socket = await tunnel(proxy, place, this.#waiting)
        callback(null, super.createConnection({ ...options, socket } as RequestOptions) as Duplex)
      } catch (error) {
        callback(error as Error, undefined as never)
      }
    }
    void connect()
    return undefined
  }
}

async function tunnel(proxy: URL, place: string, { idle, signal }: Waiting): Promise<Socket> {
  const asked = request({
    ...toProxy(proxy, { host: place }), method: 'CONNECT', path: place, agent: false, timeout: idle, ...(signal && { signal }),
  })
  asked.once('timeout', () => asked.destroy(new Error(`no answer within ${idle} ms`)))
  try {
    const connected = once(asked, 'connect') as Promise<[IncomingMessage, Socket]>
    asked.end()
    const [{ statusCode = 0 }, socket] = await connected
    if (statusCode >= 200 && statusCode < 300) return socket.setTimeout(0)
    socket.destroy()
    throw new RegistryError('REFUSED', `proxy ${proxy.host}: expected a tunnel to ${place}, got ${statusCode}`)
  } catch (error) {
    throw explained(`proxy ${proxy.host}`, error)
  }
}
