// An image from a registry into the store.
//
//   await pull(images, parseReference('busybox'), { progress })   → { image, digest: 'sha256:…', status: 'newer' }
//
// Layers come in parallel, and are unpacked one at a time as they come, the lowest first.
// Invariant: the image is entered when all of it is there and checked, not before; what came of a pull that failed is of use to
// the next one.
import { EventEmitter, once } from 'node:events'
import {
  canonicalName, checkPlatform, CONFIG_MAX, familiar, familiarName, hostPlatform, isIndex, pickPlatform, readConfig, readIndex,
  readManifest,
  type Descriptor, type Image, type ImageConfig, type Images, type Manifest, type Platform, type Reference,
} from '@pocker/images'
import { chainIds, type Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { download } from './download.ts'
import { explained, isFault, RegistryError } from './errors.ts'
import { endpointsOf, type Endpoint } from './hosts.ts'
import { fetchManifest, type Found } from './manifest.ts'
import { PARALLEL, retryOf, sessionOptions, type RegistryOptions } from './options.ts'
import { parallel, together } from './parallel.ts'
import { Told } from './progress.ts'
import { retried } from './retry.ts'
import { connect, type Session } from './session.ts'

export interface PullOptions extends RegistryOptions {
  readonly platform?: Platform
}

export interface Pulled {
  readonly image: Image
  /** Of what the name stands for: an index's, if it is one. */
  readonly digest: Digest
  readonly status: 'newer' | 'current'
}

/** @throws {RegistryError} and {SpecError}, in one line */
export async function pull(images: Images, reference: Reference, options: PullOptions = {}): Promise<Pulled> {
  const all = endpointsOf(reference.domain, options)
  const mirrors = all.filter(({ isMirror }) => isMirror)
  for (const mirror of mirrors) {
    const pulled = await pullFrom(images, reference, [mirror], options).catch(ifNot(options))
    if (pulled) return pulled
  }
  return await pullFrom(images, reference, all.filter(({ isMirror }) => !isMirror), options)
}

/** A mirror may fail, lie, or not have it: there is another place. */
const ifNot = ({ signal }: PullOptions) => (error: unknown): undefined => {
  if (!(error instanceof SpecError) || signal?.aborted) throw error
}

async function pullFrom(
  images: Images, reference: Reference, endpoints: readonly Endpoint[], options: PullOptions,
): Promise<Pulled> {
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const retry = retryOf(options, signal)
  const scope = `repository:${reference.path}:pull`
  const session = await retried(retry, () => connect(endpoints, sessionOptions(options, [scope], signal))).catch(inWords(reference))
  try {
    const pulling: Pulling = { images, session, reference, options, signal, stop }
    return await pullWith(pulling)
  } finally {
    session.close()
  }
}

interface Pulling {
  readonly images: Images
  readonly session: Session
  readonly reference: Reference
  readonly options: PullOptions
  readonly signal: AbortSignal
  readonly stop: AbortController
}

async function pullWith(pulling: Pulling): Promise<Pulled> {
  const { images, reference, options } = pulling
  const found = await manifestOf(pulling, reference.digest ?? reference.tag ?? '').catch(inWords(reference))
  const { bytes, mediaType, digest } = isIndex(found.mediaType) ? await picked(pulling, found) : found
  const manifest = readManifest(bytes, mediaType)
  const before = idOf(images, reference)
  return await images.holding([digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)], async () => {
    const config = await configOf(pulling, manifest)
    if (options.platform) checkPlatform(options.platform, config)
    return await images.holding(chainIds(config.rootfs.diff_ids), async () => {
      await layersOf(pulling, manifest, config)
      const image = await images.put(bytes, mediaType, { reference, digest: found.digest })
      return { image, digest: found.digest, status: before === image.id ? 'current' : 'newer' }
    })
  })
}

const manifestOf = async ({ session, reference, options, signal }: Pulling, name: string): Promise<Found> =>
  await retried(retryOf(options, signal), () => fetchManifest(session, reference.path, name))

async function picked(pulling: Pulling, { bytes, mediaType }: Found): Promise<Found> {
  const { digest, size } = pickPlatform(readIndex(bytes, mediaType), pulling.options.platform ?? hostPlatform())
  const found = await manifestOf(pulling, digest)
  if (found.bytes.length !== size) {
    throw new RegistryError(
      'BAD_ANSWER', `manifest ${digest}: expected ${size} bytes, as the index says, got ${found.bytes.length}`
    )
  }
  return found
}

async function configOf(
  { images, session, reference, options, signal }: Pulling, { config, layers }: Manifest,
): Promise<ImageConfig> {
  if (config.size > CONFIG_MAX) throw new SpecError(`config: expected at most ${CONFIG_MAX} bytes, got ${config.size}`)
  await download(images.blobs, session, reference.path, config, { retry: retryOf(options, signal) })
  const read = readConfig(images.blobs.read(config.digest, CONFIG_MAX))
  const count = read.rootfs.diff_ids.length
  if (count !== layers.length) throw new SpecError(`image: expected as many layers as diff_ids, ${count}, got ${layers.length}`)
  return read
}

// region layers
async function layersOf(pulling: Pulling, { layers }: Manifest, config: ImageConfig): Promise<void> {
  const { images, session, reference, options, signal, stop } = pulling
  const most = options.parallel ?? PARALLEL
  const chain = chainIds(config.rootfs.diff_ids)
  const rows = layers.map((blob, i): Row =>
    ({ blob, chain: chain[i] as Digest, parent: chain[i - 1], diffId: config.rootfs.diff_ids[i] as Digest }))
  const isThere = (row: Row): boolean => images.layers.get(row.chain) !== undefined && images.blobs.has(row.blob.digest)
  const missing = rows.filter((row) => !isThere(row)).map((row) => ({ row, told: new Told(row.blob, options.progress) }))
  for (const { blob } of rows.filter(isThere)) new Told(blob, options.progress).tell('Already exists')
  for (const [i, { told }] of missing.entries()) told.tell(i < most ? 'Pulling fs layer' : 'Waiting')

  const [arrivals, arrived] = [new EventEmitter(), new Set<number>()]
  const downloads = parallel(most, missing, async ({ row: { blob }, told }, i) => {
    const onProgress = (bytes: number): void => {
      told.bytes('Downloading', bytes)
      if (bytes === blob.size) told.tell('Verifying Checksum')
    }
    await download(images.blobs, session, reference.path, blob, { retry: retryOf(options, signal), onProgress })
    told.tell('Download complete')
    arrived.add(i)
    arrivals.emit(`${i}`)
  }, stop)
  const unpacked = async (): Promise<void> => {
    for (const [i, { row: { blob, diffId, parent }, told }] of missing.entries()) {
      if (!arrived.has(i)) await once(arrivals, `${i}`, { signal })
      const progress = (bytes: number): void => told.bytes('Extracting', bytes)
      const source = { file: images.blobs.path(blob.digest) }
      await images.layers.add({ diffId, source, progress, signal, ...(parent && { parent }) })
      progress(blob.size) // a small one is unpacked before anybody has looked
      told.tell('Pull complete')
    }
  }
  await together([downloads, unpacked()], stop).catch((error: unknown) => { throw explained(reference.domain, error) })
}
// endregion

/** A layer: as it comes, and where it belongs. */
interface Row { readonly blob: Descriptor; readonly chain: Digest; readonly parent: Digest | undefined; readonly diffId: Digest }

function idOf(images: Images, reference: Reference): Digest | undefined {
  const name = reference.digest === undefined ? familiar(reference) : `${familiarName(reference)}@${reference.digest}`
  return images.list().find(({ repoTags, repoDigests }) => [...repoTags, ...repoDigests].includes(name))?.id
}

/** Docker's words for what goes wrong most often. */
const inWords = (reference: Reference) => (error: unknown): never => {
  if (isFault(error, 'NOT_FOUND')) {
    const unknown = `manifest for ${familiar(reference)} not found: manifest unknown: expected one at ${canonicalName(reference)}`
    throw new RegistryError('NOT_FOUND', `${unknown}, ${error.message}`, { cause: error })
  }
  if (isFault(error, 'UNAUTHORIZED', 'DENIED')) {
    throw new RegistryError(
      error.code as 'DENIED', `pull access denied for ${familiarName(reference)}: ${error.message}`, { cause: error }
    )
  }
  throw error
}
