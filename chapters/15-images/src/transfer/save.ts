// Images as one archive: `save`.
//
//   for await (const chunk of save(images, ['busybox', '3f57…'])) …
//
// It is a Docker archive (manifest.json) and an OCI image layout (index.json, oci-layout) over the same blobs, as Docker writes it
// since version 25: Docker, containerd, podman and skopeo all find what they look for.
// Invariant: the same images give the same bytes.
// @see OCI image spec, image-layout.md; Docker image spec 1.3, "Combined Image JSON"
import { hexOf, isDigest, writeTar, type Digest, type Entry as TarEntry, type Member } from '@pocker/layers'
import type { Blobs } from '../content/blobs.ts'
import { readManifest, type Descriptor, type Manifest } from '../format/manifest.ts'
import { OCI_INDEX } from '../format/media.ts'
import { canonical, canonicalName, familiar, parseReference } from '../reference.ts'
import { REF_NAME } from '../store/catalog.ts'
import type { Image } from '../store/image.ts'
import type { Images } from '../store/images.ts'

/** Under which containerd, and with it Docker, looks for the whole name. */
export const CONTAINERD_NAME = 'io.containerd.image.name'

interface Chosen { readonly image: Image; readonly manifest: Manifest; readonly names: readonly string[] }

/**
 * @param texts names and ids: by a name, that name is saved, or all tags of a repository; by an id, none
 * @throws {NoSuchImage} before the first byte is asked for
 */
export const save = (images: Images, texts: readonly string[]): AsyncGenerator<Uint8Array, void> =>
  written(images, choose(images, texts))

async function* written(images: Images, chosen: readonly Chosen[]): AsyncGenerator<Uint8Array, void> {
  const blobs = chosen.flatMap(({ image, manifest }) => [image.manifest, manifest.config, ...manifest.layers])
  const parts = new Map(blobs.map(({ digest, size }) => [digest, size]))
  const release = await images.hold(parts.keys())
  try {
    for (const digest of parts.keys()) images.blobs.size(digest) // it may have been removed before it was held
    yield* writeTar([
      directory('blobs/'), directory('blobs/sha256/'),
      ...[...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([digest, size]) => blob(images.blobs, digest, size)),
      file('index.json', { schemaVersion: 2, mediaType: OCI_INDEX, manifests: chosen.flatMap(described) }),
      file('manifest.json', chosen.map(combined)),
      file('oci-layout', { imageLayoutVersion: '1.0.0' }),
    ])
  } finally {
    release()
  }
}

/** Each image once, in the order in which they were asked for. */
function choose(images: Images, texts: readonly string[]): Chosen[] {
  const names = new Map<Digest, { image: Image; names: Set<string> }>()
  for (const [image, name] of texts.flatMap((text) => named(images, text))) {
    const entry = names.get(image.id) ?? { image, names: new Set() }
    names.set(image.id, entry)
    if (name !== undefined) entry.names.add(name)
  }
  return [...names.values()].map(({ image, names }) => ({ image, names: [...names], manifest: manifestOf(images.blobs, image) }))
}

function named(images: Images, text: string): (readonly [Image, string?])[] {
  if (isDigest(text) || isDigest(`sha256:${text}`)) return [[images.find(text)]]
  const reference = parseReference(text)
  const isBare = reference.digest === undefined && !text.endsWith(`:${reference.tag}`)
  const isMeant = (name: string): boolean =>
    name === canonical(reference) || (isBare && name.startsWith(`${canonicalName(reference)}:`))
  const tagged = images.list().flatMap((image) => image.names.filter(isMeant).map((name) => [image, name] as const))
  return tagged.length > 0 ? tagged : [[images.find(text)]]
}

const manifestOf = (blobs: Blobs, { manifest }: Image): Manifest =>
  readManifest(blobs.read(manifest.digest), manifest.mediaType)

function described({ image, names }: Chosen): Descriptor[] {
  const { mediaType, digest, size, platform } = image.manifest
  const base = { mediaType, digest, size, ...(platform && { platform }) }
  if (names.length === 0) return [base]
  return names.map((name) => ({ ...base, annotations: { [CONTAINERD_NAME]: name, [REF_NAME]: name } }))
}

/** A line of manifest.json. */
const combined = ({ manifest, names }: Chosen): unknown => ({
  Config: pathOf(manifest.config.digest), RepoTags: names.length > 0 ? names.map((name) => familiar(parseReference(name))) : null,
  Layers: manifest.layers.map(({ digest }) => pathOf(digest)),
})

const pathOf = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`

const entry = (path: string, type: TarEntry['type'], mode: number, size = 0): TarEntry =>
  ({ path, type, mode, uid: 0, gid: 0, size, mtime: 0n, target: '', major: 0, minor: 0, xattrs: {} })

const directory = (path: string): Member => ({ entry: entry(path, 'directory', 0o755), data: async function* () {} })
const blob = (blobs: Blobs, digest: Digest, size: number): Member =>
  ({ entry: entry(pathOf(digest), 'file', 0o644, size), data: () => blobs.open(digest) })

function file(path: string, data: unknown): Member {
  const bytes = Buffer.from(JSON.stringify(data))
  return { entry: entry(path, 'file', 0o644, bytes.length), data: async function* () { yield bytes } }
}
