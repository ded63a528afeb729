// What runs in a container of the image `registry`: the server, as Docker's image of this name is told what to do.
//
//   await program(['serve'], process.env)             → until SIGTERM or SIGINT
//   await program(['garbage-collect'], process.env)   → takes away what nothing names
//
// It is bundled into one file, which has no need of anything but node. @see distribution, "Configuring a registry", environment
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { SpecError } from '@pocker/syscalls'
import { collect } from '../server/collect.ts'
import { serve, type Logged, type ServeOptions } from '../server/serve.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Those that change nothing here: what they say is so anyhow, or is of no importance to a client. */
const PASSED_OVER =
  /^REGISTRY_(VERSION|LOG_.*|HTTP_SECRET|HTTP_HEADERS_.*|HEALTH_.*|AUTH_HTPASSWD_REALM|STORAGE_DELETE_ENABLED|STORAGE_CACHE_.*)$/
const ROOT = 'REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY'
const VARIABLES = [
  ROOT, 'REGISTRY_HTTP_ADDR', 'REGISTRY_AUTH', 'REGISTRY_AUTH_HTPASSWD_PATH', 'REGISTRY_HTTP_TLS_CERTIFICATE',
  'REGISTRY_HTTP_TLS_KEY',
]

/** @returns the exit code @throws {SpecError} */
export async function program([verb = 'serve']: readonly string[], env: Environment): Promise<number> {
  try {
    if (verb === 'garbage-collect') cleanUp(env)
    else if (verb === 'serve') await untilStopped(env)
    else throw new SpecError(`registry: expected serve or garbage-collect, got ${JSON.stringify(verb)}`)
    return 0
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error
    throw new SpecError((error as Error).message, { cause: error }) // a port that is taken, a file that is missing
  }
}

async function untilStopped(env: Environment): Promise<void> {
  const served = await serve({ ...optionsOf(env), log })
  console.log(`listening on ${served.url}`)
  await Promise.race(['SIGINT', 'SIGTERM'].map(async (signal) => await once(process, signal)))
  await served.close()
}

function cleanUp(env: Environment): void {
  const { blobs, bytes } = collect(rootOf(env))
  console.log([...blobs, `${blobs.length} blobs, ${bytes} bytes`].join('\n'))
}

const log = ({ method, url, status, error }: Logged): void =>
  console.log([method, url, status, ...(error ? [(error as Error).message] : [])].join(' '))

/** @throws {SpecError} also of a variable that asks for what this server has not: it must not be thought to be heeded */
export function optionsOf(env: Environment): ServeOptions {
  const said = Object.keys(env).filter((name) => name.startsWith('REGISTRY_'))
  const strange = said.find((name) => !VARIABLES.includes(name) && !PASSED_OVER.test(name))
  if (strange) throw new SpecError(`environment: expected of REGISTRY_…: ${VARIABLES.join(', ')}; got ${strange}`)
  const { REGISTRY_HTTP_ADDR: address = ':5000', REGISTRY_AUTH: auth, REGISTRY_AUTH_HTPASSWD_PATH: htpasswd } = env
  if (auth !== (htpasswd && 'htpasswd')) {
    const got = `${auth ?? 'none'} and ${htpasswd ?? 'none'}`
    throw new SpecError(`REGISTRY_AUTH: expected htpasswd, and the file in REGISTRY_AUTH_HTPASSWD_PATH, got ${got}`)
  }
  const tls = tlsOf(env)
  return { ...parseAddress(address), root: rootOf(env), ...(htpasswd && { htpasswd }), ...(tls && { tls }) }
}

const rootOf = (env: Environment): string => env[ROOT] ?? '/var/lib/registry'

/** As in Go: without a host, all addresses. */
function parseAddress(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text) ?? []
  if (port === '' || Number(port) > 65_535) {
    throw new SpecError(`REGISTRY_HTTP_ADDR: expected a host and a port, such as [::1]:5000 or :5000, got ${JSON.stringify(text)}`)
  }
  return { host: host.replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(port) }
}

function tlsOf({ REGISTRY_HTTP_TLS_CERTIFICATE: cert, REGISTRY_HTTP_TLS_KEY: key }: Environment): ServeOptions['tls'] {
  if (!cert && !key) return undefined
  if (cert && key) return { cert: readFileSync(cert), key: readFileSync(key) }
  throw new SpecError(`REGISTRY_HTTP_TLS_${cert ? 'KEY' : 'CERTIFICATE'}: expected a file as well, got none`)
}
