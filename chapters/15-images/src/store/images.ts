// The images of a machine.
//
//   const images = openImages('/var/lib/pocker')
//   images.list(), images.find('busybox')                             → Image
//   await images.put(bytes, mediaType, { reference })                 → its layers are unpacked, then it is entered
//   await images.tag(image, reference), images.remove('busybox:old')  → names; and what lost its last one
//   await images.prune({ all: true }), images.check()                 → nobody's; what is damaged
//
// ROOT/images is an OCI image layout (index.json, oci-layout, blobs/), ROOT/layers has the layers unpacked.
// Invariant: what list() gives is whole: all blobs and layers were there before its line in index.json was. What is no image's is
// found by following index.json; nothing is counted, so no count can be wrong.
import { join } from 'node:path'
import { digestOf, Layers, type Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { Blobs, type Staged } from '../content/blobs.ts'
import type { Descriptor } from '../format/manifest.ts'
import { canonical, canonicalName, familiar, familiarName, parseReference, type Reference } from '../reference.ts'
import { Catalog, entered, without, type Entry } from './catalog.ts'
import { check } from './check.ts'
import { Contents } from './contents.ts'
import { NoSuchImage } from './errors.ts'
import { findImage } from './find.ts'
import { Holds } from './holds.ts'
import { contentOf, imageOf, needsOf, shown, type Image } from './image.ts'
import { isPruned, type PruneOptions } from './prune.ts'
import { planRemoval, type RemoveOptions } from './remove.ts'
import { sweep, type Swept } from './sweep.ts'
import { checkSizes, unpackLayers } from './unpack.ts'

export interface Names {
  /** With a tag, it becomes a name of the image. */
  readonly reference?: Reference | undefined
  /** Of what a registry was asked for, which may have been an index: `repository@digest` is remembered. */
  readonly digest?: Digest | undefined
}

export interface Removed {
  readonly untagged: string[]
  /** The image's id, and the chain ids of layers that nobody else has. */
  readonly deleted: string[]
}

export interface Pruned extends Removed {
  /** Bytes that are free again. */
  readonly reclaimed: number
}

export class Images {
  readonly blobs: Blobs
  readonly layers: Layers
  readonly #catalog: Catalog
  readonly #contents: Contents
  readonly #holds: Holds

  constructor(root: string) {
    this.blobs = new Blobs(join(root, 'images'))
    this.layers = new Layers(join(root, 'layers'))
    this.#catalog = new Catalog(this.blobs.root)
    this.#contents = new Contents(this.blobs, this.#catalog)
    this.#holds = new Holds(this.#catalog)
  }

  /** Each image once, with all of its names; the newest first. What is damaged is not listed: check() tells. */
  list(): Image[] {
    const images = this.#contents.images().map(({ content, entries }) => imageOf(content, entries, this.layers))
    const at = ({ created }: Image): number => (created === undefined ? -Infinity : Date.parse(created))
    return images.toSorted((a, b) => (at(a) === at(b) ? (a.id < b.id ? -1 : 1) : at(b) - at(a)))
  }

  /** @param text a name, `name@digest`, an id, or the beginning of one. @throws {NoSuchImage} */
  find(text: string): Image {
    return findImage(this.list(), text)
  }

  /**
   * All blobs but the manifest are there already.
   * @throws {SpecError} if they are not, or do not fit together; nothing has changed then
   */
  // region put
  async put(manifest: Uint8Array, mediaType: string, { reference, digest }: Names = {}): Promise<Image> {
    const described: Descriptor = { mediaType, digest: digestOf(manifest), size: manifest.byteLength }
    const names = reference?.tag !== undefined && reference.digest === undefined ? [{ name: nameFor(reference) }] : []
    const content = contentOf(this.blobs, described, manifest)
    const { os, architecture, variant } = content.config
    await this.holding([described.digest, ...needsOf(content)], async () => {
      checkSizes(this.blobs, content)
      await unpackLayers(this.blobs, this.layers, content)
      await this.blobs.write([manifest], described)
      await this.#catalog.change((entries) => entered(entries, {
        manifest: { ...described, platform: { os, architecture, ...(variant && { variant }) } },
        names, digests: reference && digest ? [`${canonicalName(reference)}@${digest}`] : [],
      }))
    })
    return this.find(content.id)
  }
  // endregion

  /** Another name. An image that had it before loses it. */
  async tag(image: Image, reference: Reference): Promise<Image> {
    if (reference.tag === undefined || reference.digest !== undefined) {
      throw new SpecError(`tag: expected a name with a tag and without a digest, got ${JSON.stringify(familiar(reference))}`)
    }
    const name = { name: nameFor(reference), tagged: new Date().toISOString() }
    await this.#changeOf(image, (entry) => ({ ...entry, names: [name], digests: [] }))
    return this.find(image.id)
  }

  /** What a registry calls it, after a push: `repository@digest`. */
  async pushed(image: Image, reference: Reference, digest: Digest): Promise<Image> {
    await this.#changeOf(image, (entry) => ({ ...entry, names: [], digests: [`${canonicalName(reference)}@${digest}`] }))
    return this.find(image.id)
  }

  /**
   * @param text as for find()
   * @throws {NoSuchImage} and {ImageConflict}, if a container or another name needs it
   */
  async remove(text: string, options: RemoveOptions = {}): Promise<Removed> {
    return await this.#catalog.alone(async () => {
      const ruin = this.#contents.ruined().find(({ names }) => names.some(({ name }) => name === nameOf(text)))
      if (ruin) return { untagged: ruin.names.map(({ name }) => shown(name)), deleted: (await this.#delete([ruin])).deleted }
      const image = this.find(text)
      const { untag, remove } = planRemoval(image, text, options)
      const gone = untag.map((name) => canonical(parseReference(name)))
      if (!remove) this.#catalog.write(without(this.#catalog.entries(), gone))
      const { deleted = [] } = remove ? await this.#delete(this.#contents.entriesOf(image.id)) : {}
      return { untagged: [...untag], deleted: [...(remove ? [image.id] : []), ...deleted] }
    })
  }

  /** Images that nobody calls by a name, or all that no container uses; and blobs and layers that are no image's. */
  async prune(options: PruneOptions = {}): Promise<Pruned> {
    return await this.#catalog.alone(async () => {
      const gone = this.list().filter((image) => isPruned(image, options))
      const entries = gone.flatMap((image) => this.#contents.entriesOf(image.id))
      const ruined = this.#contents.ruined().filter(({ names }) => names.length === 0)
      const { deleted, reclaimed } = await this.#delete([...entries, ...ruined], this.blobs.list())
      const parts = await this.blobs.dropParts(this.#holds.current())
      return {
        untagged: gone.flatMap(({ repoTags, repoDigests }) => [...repoTags, ...repoDigests]),
        deleted: [...gone.map(({ id }) => id), ...deleted], reclaimed: reclaimed + parts,
      }
    })
  }

  /** @returns a line for each damage: every blob is read, every layer is looked for */
  async check(): Promise<string[]> {
    return await check(this.blobs, this.layers, () => this.#catalog.entries())
  }

  /** While the body runs, these are not taken away: what a pull finds here stays until it is an image's. */
  async holding<T>(digests: Iterable<Digest>, body: () => Promise<T>): Promise<T> {
    return await this.#holds.during(digests, body)
  }

  /** As holding(), until what it answers is called. */
  async hold(digests: Iterable<Digest>): Promise<() => void> {
    return await this.#holds.hold(digests)
  }

  /** The blobs get their names, and the body makes an image of them; if it cannot, they go again. */
  async adopt<T>(staged: readonly Staged[], body: () => Promise<T>): Promise<T> {
    const before = new Set(staged.map(({ digest }) => digest).filter((digest) => this.blobs.has(digest)))
    try {
      return await this.holding(staged.map(({ digest }) => digest), async () => {
        for (const one of staged) await this.blobs.keep(one)
        return await body()
      })
    } catch (error) {
      const ours = staged.map(({ digest }) => digest).filter((digest) => !before.has(digest))
      await this.#catalog.alone(async () => await this.#delete([], ours))
      throw error
    }
  }

  /** Takes away what processes left that were killed. */
  clean(): void {
    this.blobs.clean()
    this.#holds.clean()
  }

  async #changeOf(image: Image, more: (entry: Entry) => Entry): Promise<void> {
    await this.#catalog.change((entries) => {
      const entry = entries.find(({ manifest }) => manifest.digest === image.manifest.digest)
      if (!entry) throw new NoSuchImage(image.id)
      return entered(entries, more(entry))
    })
  }

  /**
   * For who is alone. First nobody finds them any more, then their parts go.
   * @param more blobs to look at: that nobody needs a blob is no reason to take it away, as it may be what a pull has got so far
   */
  // region delete
  async #delete(gone: readonly Entry[], more: readonly Digest[] = []): Promise<Swept> {
    const isGone = new Set(gone.map(({ manifest }) => manifest.digest))
    const kept = this.#catalog.entries().filter(({ manifest }) => !isGone.has(manifest.digest))
    const parts = gone.flatMap((entry) => this.#contents.partsOf(entry))
    if (gone.length > 0) this.#catalog.write(kept)
    this.#contents.forget(gone)
    const needed = new Set([...kept.flatMap((entry) => this.#contents.partsOf(entry)), ...this.#holds.current()])
    return await sweep(this.blobs, this.layers, new Set([...parts, ...more]), needed)
  }
  // endregion
}

/** @throws {SpecError} if it would be taken for the beginning of an id */
function nameFor(reference: Reference): string {
  if (familiarName(reference) !== 'sha256') return canonical(reference)
  throw new SpecError(`reference: expected a name, which sha256: is not, got ${JSON.stringify(familiar(reference))}`)
}

/** @returns canonical; undefined if it is no name */
function nameOf(text: string): string | undefined {
  try {
    return canonical(parseReference(text))
  } catch {
    return undefined
  }
}

/** @param root POCKER_ROOT, which is made when something is put into it */
export function openImages(root: string): Images {
  const images = new Images(root)
  images.clean()
  return images
}
