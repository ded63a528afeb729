// Where a registry is, and how far it is trusted.
//
//   endpointsOf('docker.io', { mirrors: ['https://mirror.example'] })   → the mirror, then https://registry-1.docker.io
//   endpointsOf('127.0.0.1:5000', {})                                   → https without a check of its certificate, then http
//
// Invariant: plain HTTP, and certificates that nobody checks, only for hosts that are named so, and for this machine itself: not
// for those that such a registry leads to.
// @see dockerd(8), --insecure-registry, --registry-mirror; https://docs.docker.com/engine/security/certificates/
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { SpecError } from '@pocker/syscalls'
import type { Trust } from './connection.ts'

export interface Endpoint {
  readonly base: URL
  /** Under which its credentials are kept. */
  readonly host: string
  readonly isMirror: boolean
  readonly trust: Trust
}

export interface Trusting {
  /** Hosts, with or without a port, or blocks of addresses: 10.0.0.0/8. */
  readonly insecure?: readonly string[] | undefined
  /** Of docker.io, tried in this order before it. */
  readonly mirrors?: readonly string[] | undefined
  /** A directory HOST/ for each, with ca.crt, client.cert, client.key. */
  readonly certificates?: string | undefined
}

export const HUB = 'docker.io'
const HUB_HOST = 'registry-1.docker.io'
export const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128', 'localhost']

export function endpointsOf(
  domain: string, { insecure = [], mirrors = [], certificates = '/etc/docker/certs.d' }: Trusting, forPull = true,
): Endpoint[] {
  const at = (url: string, host: string, isMirror: boolean): Endpoint[] => {
    const base = urlOf(url)
    const isUnchecked = ({ hostname, host: named }: URL): boolean => isNamed(hostname, named, [...LOOPBACK, ...insecure])
    const endpoint = { base, host, isMirror, trust: { ...trustOf(join(certificates, base.host)), isUnchecked } }
    return isUnchecked(base) && !isMirror ? [endpoint, { ...endpoint, base: new URL(`http://${base.host}`) }] : [endpoint]
  }
  const here = at(`https://${domain === HUB ? HUB_HOST : domain}`, domain, false)
  if (domain !== HUB || !forPull) return here
  return [...mirrors.flatMap((mirror) => at(mirror, urlOf(mirror).host, true)), ...here]
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url // no path, and nobody's password
  throw new SpecError(`registry: expected a host, or a mirror's http:// or https:// address, got ${JSON.stringify(text)}`)
}

/** @param list of names, with or without a port, and of blocks of addresses */
export function isNamed(hostname: string, host: string, list: readonly string[]): boolean {
  const address = hostname.replaceAll(/[[\]]/g, '')
  const family = isIP(address)
  return list.some(
    (entry) => entry.includes('/') ? family !== 0 && isWithin(address, family, entry) : [hostname, host, address].includes(entry)
  )
}

function isWithin(address: string, family: number, block: string): boolean {
  const [net = '', bits = ''] = block.split('/')
  if (isIP(net) === 0 || !/^\d{1,3}$/.test(bits)) {
    throw new SpecError(`list of hosts: expected a host or a block as 10.0.0.0/8, got ${JSON.stringify(block)}`)
  }
  if (isIP(net) !== family) return false
  const list = new BlockList()
  list.addSubnet(net, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

function trustOf(directory: string): Trust {
  const names = filesIn(directory)
  const read = (name: string): Buffer => readFileSync(join(directory, name))
  const ca = names.filter((name) => name.endsWith('.crt')).map(read)
  const cert = names.find((name) => name.endsWith('.cert'))
  const key = cert?.replace(/\.cert$/, '.key')
  if (cert && key && !names.includes(key)) throw new SpecError(`${directory}: expected ${key} beside ${cert}, got none`)
  return { ...(ca.length > 0 && { ca }), ...(cert && key && { cert: read(cert), key: read(key) }) }
}

/** Where Linux' distributions keep whom the machine's owner trusts. @see Go's crypto/x509, root_linux.go */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem',
]

/** As for Docker: the machine's, for a company's own is in there. Node would take only those that it brings along. */
export function machineRoots(): readonly (string | Buffer)[] {
  const bundle = [process.env['SSL_CERT_FILE'] ?? '', ...BUNDLES].find((file) => existsSync(file))
  const more = [process.env['NODE_EXTRA_CA_CERTS'] ?? ''].filter((file) => file !== bundle && existsSync(file))
  return [...(bundle === undefined ? rootCertificates : [readFileSync(bundle)]), ...more.map((file) => readFileSync(file))]
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
