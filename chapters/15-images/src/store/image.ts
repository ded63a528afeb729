// An image: a config, the layers that it names, and what people and registries call it.
//
//   imageOf(blobs, layers, entries)   → { id, repoTags: ['busybox:latest'], size: 4261550, … }
//
// Invariant: id and layers follow from the manifest's bytes; only names and digests can change.
import { chainIds, type Digest, type Layers } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import type { Blobs } from '../content/blobs.ts'
import { CONFIG_MAX, readConfig, type ImageConfig } from '../format/config.ts'
import { MANIFEST_MAX, readManifest, type Descriptor, type Manifest } from '../format/manifest.ts'
import { familiar, parseReference } from '../reference.ts'
import type { Entry } from './catalog.ts'

export interface Image {
  /** The config's digest. */
  readonly id: Digest
  readonly manifest: Descriptor
  readonly config: ImageConfig
  /** Canonical: `docker.io/library/busybox:latest`. */
  readonly names: readonly string[]
  /** Familiar: `busybox:latest`. */
  readonly repoTags: readonly string[]
  /** `busybox@sha256:…`, as the registries that it came from or went to know it. */
  readonly repoDigests: readonly string[]
  /** RFC 3339, as the config says. */
  readonly created: string | undefined
  /** RFC 3339: when one of its names was last given to it here. */
  readonly tagged: string | undefined
  /** Chain ids, the lowest first. */
  readonly layers: readonly Digest[]
  /** Of each layer, the bytes of its regular files. */
  readonly layerSizes: readonly number[]
  /** The sum of them, as Docker counts. */
  readonly size: number
}

/** What a manifest's digest stands for, for ever. */
export interface Content {
  readonly id: Digest
  readonly manifest: Manifest
  readonly config: ImageConfig
  readonly layers: readonly Digest[]
}

/** @throws {SpecError} if a part is missing, damaged, or does not fit the others */
// region contentOf
export function contentOf(
  blobs: Blobs, { digest, mediaType }: Descriptor, bytes: Uint8Array = blobs.read(digest, MANIFEST_MAX),
): Content {
  const manifest = readManifest(bytes, mediaType)
  const config = readConfig(blobs.read(manifest.config.digest, CONFIG_MAX))
  const ids = config.rootfs.diff_ids
  if (ids.length !== manifest.layers.length) {
    throw new SpecError(`image: expected as many layers as diff_ids, ${ids.length}, got ${manifest.layers.length}`)
  }
  return { id: manifest.config.digest, manifest, config, layers: chainIds(ids) }
}
// endregion

/** All digests that an image needs: of blobs, and of layers. */
export const needsOf = ({ manifest, layers }: Content): Digest[] => [...blobsOf(manifest), ...layers]

export const blobsOf = ({ config, layers }: Manifest): Digest[] => [config, ...layers].map(({ digest }) => digest)

/** @param entries of one image: several manifests can share a config */
export function imageOf({ id, config, layers }: Content, entries: readonly Entry[], store: Layers): Image {
  const names = entries.flatMap((entry) => entry.names).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const layerSizes = layers.map((chain) => store.get(chain)?.size ?? 0)
  const { manifest } = entries[0] as Entry
  return {
    id, manifest, config, names: names.map(({ name }) => name), repoTags: names.map(({ name }) => shown(name)),
    repoDigests: [...new Set(entries.flatMap(({ digests }) => digests.map(shown)))], created: config.created,
    tagged: names.flatMap(({ tagged }) => tagged ?? []).toSorted().at(-1), layers, layerSizes,
    size: layerSizes.reduce((sum, size) => sum + size, 0),
  }
}

/** Another tool may have written a name of its own into the index. */
export function shown(name: string): string {
  try {
    return familiar(parseReference(name))
  } catch {
    return name.replace(/[\0-\x1f\x7f-\x9f]/g, '?')
  }
}

