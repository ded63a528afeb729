// An image from the store to a registry.
//
//   await push(images, parseReference('localhost:5000/team/app:1'), { progress })   → { digest, size }
//   tagsOf(images, reference)                                                        → all tags of that repository: --all-tags
//
// Invariant: the manifest goes last, byte for byte as it is here: whoever pulls it there finds all that it names, and the same
// digest.
import {
  canonicalName, familiar, isIndex, MANIFEST_MAX, parseReference, readManifest, type Descriptor, type Image, type Images,
  type Reference,
} from '@pocker/images'
import type { Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { endpointsOf } from './hosts.ts'
import { sendManifest } from './manifest.ts'
import { PARALLEL, retryOf, sessionOptions, type RegistryOptions } from './options.ts'
import { parallel } from './parallel.ts'
import { Told, type Progress } from './progress.ts'
import { retried } from './retry.ts'
import { connect, type Session } from './session.ts'
import { upload, type Uploaded } from './upload.ts'

export interface Pushed {
  readonly digest: Digest
  /** Bytes of the manifest. */
  readonly size: number
}

/** @throws {RegistryError} and {SpecError}, in one line */
export async function push(images: Images, reference: Reference, options: RegistryOptions = {}): Promise<Pushed> {
  const { tag, domain, path } = reference
  if (tag === undefined || reference.digest !== undefined) {
    throw new SpecError(`push: expected a name with a tag, got ${JSON.stringify(familiar(reference))}`)
  }
  const image = images.find(familiar(reference))
  const neighbours = neighboursOf(image, reference)
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const scopes = [`repository:${path}:pull,push`, ...neighbours.map((name) => `repository:${name}:pull`)]
  const retry = retryOf(options, signal)
  const session = await retried(retry, () => connect(endpointsOf(domain, options, false), sessionOptions(options, scopes, signal)))
  try {
    const { digest, size, mediaType } = image.manifest
    const bytes = images.blobs.read(digest, MANIFEST_MAX)
    await images.holding([digest], () => sendBlobs({ images, session, path, neighbours, options, stop, signal }, bytes, mediaType))
    await retried(retry, () => sendManifest(session, path, tag, { bytes, mediaType, digest }))
    await images.pushed(image, reference, digest)
    return { digest, size }
  } finally {
    session.close()
  }
}

export function tagsOf(images: Images, reference: Reference): Reference[] {
  const name = canonicalName(reference)
  return images.list().flatMap(({ names }) => names).map(parseReference).filter((one) => canonicalName(one) === name)
}

interface Pushing {
  readonly images: Images
  readonly session: Session
  readonly path: string
  readonly neighbours: readonly string[]
  readonly options: RegistryOptions
  readonly stop: AbortController
  readonly signal: AbortSignal
}

async function sendBlobs(pushing: Pushing, bytes: Buffer, mediaType: string): Promise<void> {
  if (isIndex(mediaType)) throw new SpecError('push: expected an image, got an index')
  const { config, layers } = readManifest(bytes, mediaType)
  const unique = [...new Map(layers.map((layer) => [layer.digest, layer])).values()]
  const told = unique.map((layer) => new Told(layer, pushing.options.progress))
  for (const layer of told) layer.tell('Preparing')
  await parallel(pushing.options.parallel ?? PARALLEL, unique, async (layer, i) => {
    const uploaded = await send(pushing, layer, (sent) => told[i]?.bytes('Pushing', sent))
    told[i]?.tell(statusOf(uploaded))
  }, pushing.stop)
  await send(pushing, config, () => {})
}

const send = async (
  { images, session, path, neighbours, options, signal }: Pushing, blob: Descriptor, onProgress: (sent: number) => void
): Promise<Uploaded> =>
  await upload(
    session, path, blob,
    { open: (start) => images.blobs.open(blob.digest, start), from: neighbours, retry: retryOf(options, signal), onProgress }
  )

const statusOf = ({ how, from = '' }: Uploaded): Progress['status'] =>
  how === 'sent' ? 'Pushed' : how === 'there' ? 'Layer already exists' : `Mounted from ${from}`

/** Repositories at the same registry that this image is known to be in, or to have come from. */
function neighboursOf(image: Image, { domain, path }: Reference): string[] {
  const known = image.repoDigests.map(parseReference).filter((one) => one.domain === domain && one.path !== path)
  return [...new Set(known.map((one) => one.path))]
}
