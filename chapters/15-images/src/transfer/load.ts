// Archives of images, read: `load`.
//
//   await load(images, createReadStream('images.tar.gz'))   → [{ image, names: ['busybox:latest'] }, …]
//
// Docker's archives name configs and layers in manifest.json, in old ones with links among them; OCI's are an image layout.
// Since version 25, Docker writes both in one: then the layout is taken, since its manifests have digests.
// Invariant: the plan is made of what the archive says, before anything of it is in the store; an image is stored whole, or not at
// all.
import { ArchiveError, type Compression, type Digest, type Source } from '@pocker/layers'
import type { Staged } from '../content/blobs.ts'
import {
  isIndex, MANIFEST_MAX, readIndex, readManifest, writeManifest, type Descriptor, type Platform,
} from '../format/manifest.ts'
import { OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../format/media.ts'
import { hostPlatform, pickPlatform } from '../format/platform.ts'
import { readJson } from '../format/json.ts'
import { canonical, familiar, parseReference } from '../reference.ts'
import { REF_NAME } from '../store/catalog.ts'
import type { Image } from '../store/image.ts'
import type { Images } from '../store/images.ts'
import { Archive, type Found } from './archive.ts'
import { CONTAINERD_NAME } from './save.ts'
import * as v from 'valibot'

export interface Loaded {
  readonly image: Image
  /** Familiar; none, if the archive gives it no name. */
  readonly names: readonly string[]
}

export interface LoadOptions {
  /** Which of an image for several machines. */
  readonly platform?: Platform | undefined
}

/** @throws {ArchiveError} and {SpecError}; images that were stored before stay */
export async function load(images: Images, source: Source, { platform = hostPlatform() }: LoadOptions = {}): Promise<Loaded[]> {
  const archive = await Archive.read(images, source)
  try {
    const plan = merged(archive.has('index.json') ? ofLayout(archive, platform) : ofDocker(archive))
    if (plan.length === 0) throw new ArchiveError('expected an image, got an archive without one')
    const loaded: Loaded[] = []
    for (const one of plan) loaded.push(await store(images, archive, one))
    return loaded
  } finally {
    await archive.drop()
  }
}

interface Planned {
  readonly bytes: Buffer
  readonly mediaType: string
  readonly parts: readonly Found[]
  /** Canonical. */
  readonly names: readonly string[]
}

async function store(images: Images, archive: Archive, { bytes, mediaType, parts, names }: Planned): Promise<Loaded> {
  const staged = new Map<Digest, Staged>()
  for (const { digest, staged: one } of parts) if (one && !await archive.isStored(digest)) staged.set(digest, one)
  return await images.adopt([...staged.values()], async () => {
    const references = names.map(parseReference)
    let image = await images.put(bytes, mediaType, { reference: references[0] })
    for (const reference of references.slice(1)) image = await images.put(bytes, mediaType, { reference })
    return { image, names: references.map(familiar) }
  })
}

/** A manifest stands in an index once for each of its names. */
function merged(plan: readonly Planned[]): Planned[] {
  const all = new Map<string, Planned>()
  for (const one of plan) {
    const key = one.bytes.toString('latin1')
    all.set(key, { ...one, names: [...new Set([...all.get(key)?.names ?? [], ...one.names])] })
  }
  return [...all.values()]
}

// region layout
function ofLayout(archive: Archive, platform: Platform): Planned[] {
  const lines = archive.has('manifest.json') ? readLines(archive) : []
  const tags = new Map(lines.map(({ Config, RepoTags }) => [archive.file(Config).digest, RepoTags ?? []]))
  return readIndex(archive.text(archive.file('index.json')), OCI_INDEX).manifests.map((described) => {
    const { mediaType, digest } = manifestFor(archive, described, platform)
    const bytes = textOf(archive, digest)
    const { config, layers } = readManifest(bytes, mediaType)
    const parts = [config, ...layers].map((part) => blobOf(archive, part.digest))
    return { bytes, mediaType, parts, names: [...namesIn(described), ...(tags.get(config.digest) ?? []).map(nameOf)] }
  })
}
// endregion

/** An index can be of indexes. */
function manifestFor(archive: Archive, described: Descriptor, platform: Platform, depth = 0): Descriptor {
  if (!isIndex(described.mediaType)) return described
  if (depth > 3) throw new ArchiveError('expected an image, got indexes of indexes')
  const index = readIndex(textOf(archive, described.digest), described.mediaType)
  return manifestFor(archive, pickPlatform(index, platform), platform, depth + 1)
}

function blobOf(archive: Archive, digest: Digest): Found {
  const found = archive.blob(digest)
  if (!found) throw new ArchiveError(`expected a blob ${digest}, got none`)
  return found
}

function textOf(archive: Archive, digest: Digest): Buffer {
  const found = blobOf(archive, digest)
  if (found.size > MANIFEST_MAX) throw new ArchiveError(`blob ${digest}: expected at most ${MANIFEST_MAX} bytes, got ${found.size}`)
  return archive.text(found)
}

/** What the OCI calls a name may be a tag alone, which is the name of nothing. */
function namesIn({ annotations = {} }: Descriptor): string[] {
  const name = annotations[CONTAINERD_NAME] ?? annotations[REF_NAME] ?? ''
  return /[/:]/.test(name) ? [nameOf(name)] : []
}

const nameOf = (text: string): string => {
  const { digest: _, ...named } = parseReference(text)
  return canonical({ tag: 'latest', ...named })
}

// region docker
const texts = v.array(v.string())
const linesSchema = v.array(v.object({ Config: v.string(), RepoTags: v.nullish(texts), Layers: v.nullable(texts) }))

const readLines = (archive: Archive): v.InferOutput<typeof linesSchema> =>
  readJson('manifest.json', archive.text(archive.file('manifest.json')), linesSchema)

const SUFFIX: Readonly<Record<Compression, string>> = { none: '', gzip: '+gzip', zstd: '+zstd' }

function ofDocker(archive: Archive): Planned[] {
  if (!archive.has('manifest.json')) {
    throw new ArchiveError('expected index.json or manifest.json, got neither; for a root file system, try: pocker import')
  }
  return readLines(archive).map(({ Config, RepoTags, Layers }) => {
    const config = archive.file(Config)
    const layers = (Layers ?? []).map((path) => archive.file(path))
    const mediaTypeOf = (layer: Found): string => OCI_LAYER + SUFFIX[archive.compression(layer)]
    const bytes = writeManifest(config, layers.map((layer) => ({ ...layer, mediaType: mediaTypeOf(layer) })))
    return { bytes, mediaType: OCI_MANIFEST, parts: [config, ...layers], names: (RepoTags ?? []).map(nameOf) }
  })
}
// endregion
