// What the entries of a catalog stand for: read once, and known as long as this process lives.
//
//   contents.of(entry)        → { id, manifest, config, layers }; undefined if a part is missing or damaged
//   contents.entriesOf(id)    → those of one image; contents.ruined() → those of none
//
// Invariant: a manifest's digest stands for the same content for ever; what could not be read is tried again.
import type { Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import type { Blobs } from '../content/blobs.ts'
import { MANIFEST_MAX, readManifest } from '../format/manifest.ts'
import type { Catalog, Entry } from './catalog.ts'
import { blobsOf, contentOf, needsOf, type Content } from './image.ts'

export class Contents {
  readonly #blobs: Blobs
  readonly #catalog: Catalog
  readonly #known = new Map<Digest, Content>()

  constructor(blobs: Blobs, catalog: Catalog) {
    this.#blobs = blobs
    this.#catalog = catalog
  }

  of({ manifest }: Entry): Content | undefined {
    const content = this.#known.get(manifest.digest) ?? readable(() => contentOf(this.#blobs, manifest))
    if (content) this.#known.set(manifest.digest, content)
    return content
  }

  /** Each image once: manifests that share a config are one. */
  images(): { readonly content: Content; readonly entries: readonly Entry[] }[] {
    const byId = new Map<Digest, { content: Content; entries: Entry[] }>()
    for (const entry of this.#catalog.entries()) {
      const content = this.of(entry)
      if (content) byId.set(content.id, { content, entries: [...byId.get(content.id)?.entries ?? [], entry] })
    }
    return [...byId.values()]
  }

  entriesOf(id: Digest): Entry[] {
    return this.#catalog.entries().filter((entry) => this.of(entry)?.id === id)
  }

  ruined(): Entry[] {
    return this.#catalog.entries().filter((entry) => !this.of(entry))
  }

  /** All that an entry keeps from being swept away; of a ruin, the blobs that its manifest names, if that can be read. */
  partsOf(entry: Entry): Digest[] {
    const { digest, mediaType } = entry.manifest
    const content = this.of(entry)
    if (content) return [digest, ...needsOf(content)]
    return [digest, ...readable(() => blobsOf(readManifest(this.#blobs.read(digest, MANIFEST_MAX), mediaType))) ?? []]
  }

  forget(entries: readonly Entry[]): void {
    for (const { manifest } of entries) this.#known.delete(manifest.digest)
  }
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SpecError) return undefined
    throw error
  }
}
