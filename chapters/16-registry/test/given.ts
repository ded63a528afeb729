// Images, registries and lines that can be cut, for the tests.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { digestOf, writeTar, type Entry, type Member } from '@pocker/layers'
import { OCI_LAYER, openImages, parseReference, writeConfig, writeManifest, type Descriptor, type Image, type Images } from '@pocker/images'
import { serve, type Logged, type Served, type ServeOptions } from '@pocker/registry'

const made: string[] = []
/** A directory; all of them go with tidy(). */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'pocker-registry-'))
  made.push(path)
  return path
}
export const tidy = (): void => { for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true }) }
export const store = (root = directory()): Images => openImages(root)

const entry = (path: string, size: number): Entry =>
  ({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0n, target: '', major: 0, minor: 0, xattrs: {} })
const member = (path: string, bytes: Buffer): Member => ({ entry: entry(path, bytes.length), data: async function* () { yield bytes } })

/** The same for the same seed. */
export function noise(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

export interface Parts { readonly layers: readonly { descriptor: Descriptor; bytes: Buffer }[]; readonly config: { descriptor: Descriptor; bytes: Buffer }; readonly manifest: Buffer }

/** An image with a file in each layer, of so many bytes that cannot be compressed. */
export async function parts(sizes: readonly number[], { seed = 'x', architecture = 'amd64' } = {}): Promise<Parts> {
  const tars = await Promise.all(sizes.map(async (size, i) => {
    const chunks: Buffer[] = []
    for await (const chunk of writeTar([member(`file-${i}`, noise(`${seed} ${i}`, size))])) chunks.push(chunk)
    return Buffer.concat(chunks)
  }))
  const described = (mediaType: string, bytes: Buffer): { descriptor: Descriptor; bytes: Buffer } =>
    ({ descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes })
  const layers = tars.map((tar) => described(`${OCI_LAYER}+gzip`, gzipSync(tar, { level: 1 })))
  const config = described('application/vnd.oci.image.config.v1+json', writeConfig({
    created: '2024-05-01T12:00:00Z', architecture, os: 'linux', config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) }, history: tars.map(() => ({ created_by: `test ${seed}` })),
  }))
  return { layers, config, manifest: writeManifest(config.descriptor, layers.map(({ descriptor }) => descriptor)) }
}

export const OCI = 'application/vnd.oci.image.manifest.v1+json'

export async function imageIn(images: Images, name: string, sizes: readonly number[], seed = 'x'): Promise<Image> {
  const { layers, config, manifest } = await parts(sizes, { seed })
  for (const { descriptor, bytes } of [...layers, config]) await images.blobs.write([bytes], descriptor)
  return await images.put(manifest, OCI, { reference: parseReference(name) })
}

export interface Registry extends Served { readonly host: string; readonly root: string; readonly log: Logged[] }

export async function registry(options: Partial<ServeOptions> = {}): Promise<Registry> {
  const log: Logged[] = []
  const root = options.root ?? directory()
  const served = await serve({ root, port: 0, log: (line) => { log.push(line) }, ...options })
  return { ...served, root, log, host: new URL(served.url).host }
}

/** Puts an image into a registry, as other tools do. */
export async function given(url: string, path: string, tag: string, { layers, config, manifest }: Parts): Promise<void> {
  for (const { descriptor, bytes } of [...layers, config]) {
    const { headers } = await expect(201, `${url}/v2/${path}/blobs/uploads/?digest=${descriptor.digest}`, { method: 'POST', body: bytes })
    headers.get('location')
  }
  await expect(201, `${url}/v2/${path}/manifests/${tag}`, { method: 'PUT', body: manifest, headers: { 'content-type': OCI } })
}

export async function expect(status: number, url: string, init: { method?: string; body?: Buffer | string; headers?: Record<string, string> } = {}): Promise<Response> {
  const { body, ...rest } = init
  const response = await fetch(url, { ...rest, ...(body !== undefined && { body: Buffer.from(body) }) })
  const text = response.status === status ? '' : await response.text()
  if (response.status !== status) throw new Error(`${init.method ?? 'GET'} ${url}: expected ${status}, got ${response.status} ${text}`)
  return response
}

export interface Cutter { readonly host: string; readonly connections: number; close(): Promise<void> }

/** A line to a server that is cut, each time, behind so many bytes: Infinity for never. Behind `most` it is stuck, and says so. */
export async function cutter(
  to: string, cuts: () => { up: number; down: number }, stuck: () => void = () => {}, most = Infinity,
): Promise<Cutter> {
  const [host = '', port = ''] = to.split(':')
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    connections++
    const upstream = connect(Number(port), host)
    const { up, down } = cuts()
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    const end = (): void => { for (const socket of [client, upstream]) socket.resetAndDestroy() }
    flow(client, upstream, up, end)
    down === Infinity && most < Infinity ? flow(upstream, client, most, stuck) : flow(upstream, client, down, end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() { return connections },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function flow(from: Socket, to: Socket, most: number, cut: () => void): void {
  let left = most
  from.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, Math.min(left, chunk.length))
    left -= part.length
    if (left <= 0) {
      from.pause()
      to.write(part, cut)
    } else if (!to.write(part)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  })
  from.on('end', () => to.end())
  from.on('close', () => to.end())
}

/** Numbers from 0 to 1, the same each time. */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What the error of it says; a test fails if there is none. */
export async function refused(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (error: unknown) => error)
  if (!(error instanceof Error)) throw new Error('expected an error, got none')
  if (error.message.includes('\n')) throw new Error(`expected one line, got ${error.message}`)
  return `${error.name}: ${error.message}`
}

/** A certificate for this machine, that nobody has signed. */
export function selfSigned(): { cert: Buffer; key: Buffer } {
  const dir = directory()
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem',
    '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { cwd: dir, stdio: 'ignore' })
  return { cert: readFileSync(join(dir, 'cert.pem')), key: readFileSync(join(dir, 'key.pem')) }
}

/** Like assert.match, which does not say what it got. */
export function says(message: string, pattern: RegExp): void {
  if (!pattern.test(message)) throw new Error(`expected ${String(pattern)}, got ${JSON.stringify(message)}`)
}

/** A program with our packages, beside the test; `lines` are what it prints. */
export function program(script: string): { pid: number; lines: AsyncIterator<string>; ended: Promise<number | null>; kill: () => void } {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: undefined },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { pid: child.pid ?? 0, lines, ended, kill: () => void child.kill('SIGKILL') }
}

/** Debian's docker-registry, on a free port. */
export async function dockerRegistry({ htpasswd, tls }: { htpasswd?: string; tls?: { cert: string; key: string } } = {}): Promise<{ host: string; close: () => Promise<void> }> {
  const root = directory()
  const config = {
    version: 0.1, log: { level: 'info', formatter: 'json' }, storage: { filesystem: { rootdirectory: root }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', ...(tls && { tls: { certificate: tls.cert, key: tls.key } }) },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
  }
  const file = join(directory(), 'config.yml')
  writeFileSync(file, JSON.stringify(config)) // which is YAML
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  const host = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4000)
      const address = /listening on ([\d.]+:\d+)/.exec(text)?.[1]
      if (address !== undefined) resolve(address)
    })
    void ended.then(() => reject(new Error(`docker-registry: ${text}`)))
    child.once('error', reject)
  })
  return { host, close: async () => { child.kill('SIGKILL'); await ended } }
}
