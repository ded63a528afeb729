// What it costs to move an image: three layers of 100 MiB that cannot be compressed, over loopback, to and from the same registry.
//   npm run bench -- images [ROUNDS] [MIB]
// pocker and skopeo take turns with Debian's docker-registry. skopeo's `oci:` does not unpack, so neither does `fetch`, which is
// our pull without its last step; `pull` stands beside skopeo with umoci behind it. A line is the median of the rounds: wall time,
// CPU time of user and system with all children, and the most memory that one process had. Ours is a program in TypeScript; what
// it takes to start it (tsx, imports) is a line of its own, and is in the other lines' memory but not in their time.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipped, Tally, tallied, writeTar, type Entry } from '@pocker/layers'
import {
  canonical, OCI_LAYER, openImages, parseReference, readManifest, writeConfig, writeManifest, type Descriptor,
} from '@pocker/images'
import { pull, push } from '@pocker/registry'
import { download } from '../src/client/download.ts'
import { endpointsOf } from '../src/client/hosts.ts'
import { fetchManifest } from '../src/client/manifest.ts'
import { parallel } from '../src/client/parallel.ts'
import { connect } from '../src/client/session.ts'

const SELF = fileURLToPath(import.meta.url)
const MIB = 1024 * 1024
const NAME = 'bench:1'
const credentials = (): undefined => undefined

interface Cost { readonly seconds: number; readonly cpu: number; readonly mib: number }

/** What one of our programs does; it prints how long that took. */
const OURS: Readonly<Record<string, (root: string, name: string) => Promise<unknown>>> = {
  start: async () => {},
  fetch: async (root, name) => {
    const [images, { domain, path, tag = '' }] = [openImages(root), parseReference(name)]
    const session = await connect(endpointsOf(domain, {}), { credentials, scopes: [], idle: 60_000 })
    const { bytes, mediaType } = await fetchManifest(session, path, tag)
    const { config, layers } = readManifest(bytes, mediaType)
    await parallel(3, [config, ...layers], async (blob) => {
      await download(images.blobs, session, path, blob, { retry: { tries: 1, pause: 0 } })
    }, new AbortController())
    session.close()
  },
  pull: (root, name) => pull(openImages(root), parseReference(name), { credentials }),
  push: (root, name) => push(openImages(root), parseReference(name), { credentials }),
}

/** Python can tell what its children took. */
const MEASURE = `
import resource, subprocess, sys, time
before = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
wall, used = time.monotonic() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode: sys.exit(done.stderr + done.stdout)
own = [line.split()[1] for line in done.stdout.splitlines() if line.startswith('seconds ')]
print(own[0] if own and float(own[0]) > 0.01 else wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)`

const [mode = '', ...rest] = process.argv.slice(2)
if (mode === '--one') {
  const [what = '', root = '', name = ''] = rest
  const before = performance.now()
  await OURS[what]?.(root, name)
  console.log(`seconds ${(performance.now() - before) / 1000}`)
} else {
  await compare(Number(mode || 3), Number(rest[0] ?? 100))
}

async function compare(rounds: number, mib: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-images-'))
  try {
    const source = join(dir, 'source')
    await makeImage(source, mib)
    const costs: Record<string, Cost[]> = {}
    for (let round = 0; round < rounds; round++) {
      const place = join(dir, `round-${round}`)
      mkdirSync(place)
      const registry = await startRegistry(place) // another one each time: nobody knows what is there already
      try {
        for (const [what, cost] of await oneRound(place, source, registry.host)) (costs[what] ??= []).push(cost)
      } finally {
        await registry.stop()
      }
      rmSync(place, { recursive: true })
    }
    report(costs)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function oneRound(dir: string, source: string, host: string): Promise<[string, Cost][]> {
  const costs: [string, Cost][] = []
  const cost = async (what: string, ...command: string[]): Promise<void> => { costs.push([what, await measured(command)]) }
  const ours = (what: string, root: string, name: string): string[] =>
    [process.execPath, '--import', 'tsx', SELF, '--one', what, root, name]
  const skopeo = (...words: string[]): string[] => ['skopeo', 'copy', '-q', '--insecure-policy', ...words]
  const [layout, archive] = [join(dir, 'layout'), join(dir, 'rootfs')]
  const images = openImages(source)
  const image = await images.tag(images.find(NAME), parseReference(`${host}/ours:1`))
  await cost('push: pocker', ...ours('push', source, `${host}/ours:1`))
  await cost(
    'push: skopeo',
    ...skopeo('--dest-tls-verify=false', `oci:${images.blobs.root}:${canonical(parseReference(NAME))}`, `docker://${host}/theirs:1`)
  )
  await cost('fetch: pocker', ...ours('fetch', join(dir, 'fetched'), `${host}/ours:1`))
  await cost('fetch: skopeo', ...skopeo('--src-tls-verify=false', `docker://${host}/ours:1`, `oci:${layout}:bench`))
  await cost('pull: pocker', ...ours('pull', join(dir, 'pulled'), `${host}/ours:1`))
  await cost('unpack: umoci', 'umoci', 'unpack', '--image', `${layout}:bench`, join(dir, 'bundle'))
  mkdirSync(archive)
  const { layers } = readManifest(images.blobs.read(image.manifest.digest), image.manifest.mediaType)
  const tars = layers.map(({ digest }) => `tar -C ${archive} -xzf ${images.blobs.path(digest)}`).join(' && ')
  await cost('unpack: tar', 'sh', '-c', tars)
  await cost('start: pocker', ...ours('start', '', ''))
  return costs
}

async function measured(command: readonly string[]): Promise<Cost> {
  const child = spawn('python3', ['-c', MEASURE, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  const [code] = await once(child, 'close') as [number | null]
  const [seconds, cpu, mib] = text.split(' ').map(Number)
  if (code !== 0 || seconds === undefined || cpu === undefined || mib === undefined) {
    throw new Error(`${command.join(' ')}: ended with ${code}`)
  }
  return { seconds, cpu, mib }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function report(costs: Readonly<Record<string, readonly Cost[]>>): void {
  const middle = (all: readonly Cost[], of: (cost: Cost) => number): number => median(all.map(of))
  const lines = Object.entries(costs).map(([what, all]) =>
    ({
      what, seconds: middle(all, ({ seconds }) => seconds), cpu: middle(all, ({ cpu }) => cpu), mib: middle(all, ({ mib }) => mib),
    }))
  const of = (what: string): number => lines.find((line) => line.what === what)?.seconds ?? Number.NaN
  console.log(`${'median'.padEnd(16)}    wall s     CPU s   peak MiB`)
  for (const { what, seconds, cpu, mib } of lines) {
    console.log(`${what.padEnd(16)}${seconds.toFixed(2).padStart(10)}${cpu.toFixed(2).padStart(10)}${mib.toFixed(0).padStart(11)}`)
  }
  const ratio = (a: number, b: number): string => (a / b).toFixed(2)
  console.log(`push, pocker/skopeo: ${ratio(of('push: pocker'), of('push: skopeo'))}`)
  console.log(`fetch, pocker/skopeo: ${ratio(of('fetch: pocker'), of('fetch: skopeo'))}`)
  const [umoci, tar] = [of('fetch: skopeo') + of('unpack: umoci'), of('fetch: skopeo') + of('unpack: tar')]
  console.log(`pull with unpacking, pocker/(skopeo and umoci): ${ratio(of('pull: pocker'), umoci)}`)
  console.log(`pull with unpacking, pocker/(skopeo and tar): ${ratio(of('pull: pocker'), tar)}`)
}

async function startRegistry(dir: string): Promise<{ host: string; stop: () => Promise<unknown> }> {
  const file = join(dir, 'config.yml')
  const storage = { filesystem: { rootdirectory: join(dir, 'registry') } }
  writeFileSync(
    file, JSON.stringify({ version: 0.1, log: { level: 'info', formatter: 'json' }, storage, http: { addr: '127.0.0.1:0' } })
  )
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.setEncoding('utf8')
  for (let log = ''; child.exitCode === null; log += String((await once(child.stderr, 'data'))[0])) {
    const host = /listening on ([\d.]+:\d+)/.exec(log)?.[1]
    if (host === undefined) continue
    child.stderr.resume() // it ends if nobody takes its log
    return { host, stop: () => (child.kill('SIGKILL'), once(child, 'exit')) }
  }
  throw new Error('docker-registry: ended before it listened')
}

async function makeImage(root: string, mib: number): Promise<void> {
  const images = openImages(root)
  const [layers, diffIds]: [Descriptor[], Descriptor['digest'][]] = [[], []]
  for (let i = 0; i < 3; i++) {
    const tally = new Tally()
    const entry: Entry = {
      path: `file-${i}`, type: 'file', mode: 0o644, uid: 0, gid: 0, size: mib * MIB, mtime: 0n, target: '', major: 0, minor: 0,
      xattrs: {},
    }
    const data = async function* (): AsyncGenerator<Buffer> { for (let n = 0; n < mib; n++) yield randomBytes(MIB) }
    const tar = tallied(writeTar([{ entry, data }]), tally)
    layers.push({ mediaType: `${OCI_LAYER}+gzip`, ...await images.blobs.write(gzipped(tar)) })
    diffIds.push(tally.digest)
  }
  const bytes = writeConfig({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } })
  const config = await images.blobs.write([bytes])
  await images.put(writeManifest(config, layers), 'application/vnd.oci.image.manifest.v1+json', { reference: parseReference(NAME) })
}
