// What the registry keeps on its disk: each blob once, and for each repository which of them it has.
//
//   blobs/sha256/HEX                            the bytes of layers, configs and manifests
//   repositories/NAME/_layers/HEX               this repository has that blob
//   repositories/NAME/_manifests/HEX            … that manifest: its descriptor, as referrers are listed
//   repositories/NAME/_tags/TAG                 the digest of a manifest
//   repositories/NAME/_uploads/ID               what has arrived of a blob
//
// Invariant: a blob was checked against its digest before it got its name; a repository sees only blobs that were pushed to it or
// mounted.
import { createReadStream, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { hexOf, type Digest } from '@pocker/layers'
import { halfMadeIn, namesIn, readWhole, remove, touch, writeWhole } from './files.ts'

/** What is noted of a manifest. */
export interface Noted {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly subject?: Digest
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

const digestOfHex = (hex: string): Digest => `sha256:${hex}`

export class Storage {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  blobFile = (digest: Digest): string => join(this.root, 'blobs/sha256', hexOf(digest))
  repository = (name: string): Repository => new Repository(this, name, join(this.root, 'repositories', name))
  blobs = (): Digest[] => namesIn(join(this.root, 'blobs/sha256')).map(digestOfHex)
  halfMade = (): string[] => halfMadeIn(join(this.root, 'blobs/sha256'))

  /** In order. */
  repositories(under = ''): Repository[] {
    const parts = namesIn(join(this.root, 'repositories', under)).filter((name) => !name.startsWith('_'))
    const found = parts.map((part) => under === '' ? part : `${under}/${part}`).flatMap((name) =>
      [...[this.repository(name)].filter((repository) => repository.exists()), ...this.repositories(name)])
    return found.toSorted((a, b) => a.name < b.name ? -1 : 1)
  }
}

export class Repository {
  readonly name: string
  readonly #storage: Storage
  readonly #directory: string

  constructor(storage: Storage, name: string, directory: string) {
    this.#storage = storage
    this.name = name
    this.#directory = directory
  }

  exists = (): boolean => ['_layers', '_manifests', '_uploads'].some((part) => existsSync(join(this.#directory, part)))
  #layer = (digest: Digest): string => join(this.#directory, '_layers', hexOf(digest))
  #manifest = (digest: Digest): string => join(this.#directory, '_manifests', hexOf(digest))
  #tag = (tag: string): string => join(this.#directory, '_tags', tag)
  uploadFile = (id: string): string => join(this.#directory, '_uploads', id)
  uploads = (): string[] => namesIn(join(this.#directory, '_uploads'))

  /** @returns its size; undefined if this repository has no such blob. Who asks may mean to use it: it is young again. */
  blob(digest: Digest): number | undefined {
    return existsSync(this.#layer(digest)) ? touch(this.#storage.blobFile(digest)) : undefined
  }

  /** Opened at once: it can be read to its end even if it is removed meanwhile. */
  open = (digest: Digest, start: number, end: number): Readable =>
    createReadStream('', { fd: openSync(this.#storage.blobFile(digest), 'r'), start, end, highWaterMark: 256 * 1024 })

  link = (digest: Digest): void => writeWhole(this.#layer(digest), '')
  unlink = (digest: Digest): void => remove(this.#layer(digest))

  /** Its bytes are written even if they are there: an old file may be about to be collected. */
  putManifest(bytes: Buffer, noted: Noted): void {
    writeWhole(this.#storage.blobFile(noted.digest), bytes)
    writeWhole(this.#manifest(noted.digest), JSON.stringify(noted))
  }

  manifest(digest: Digest): { noted: Noted; bytes: Buffer } | undefined {
    const [noted, bytes] = [this.noted(digest), readWhole(this.#storage.blobFile(digest))]
    return noted && bytes && { noted, bytes }
  }

  noted(digest: Digest): Noted | undefined {
    const text = readWhole(this.#manifest(digest))
    return text && JSON.parse(text.toString()) as Noted
  }

  manifests = (): Digest[] => namesIn(join(this.#directory, '_manifests')).map(digestOfHex)

  /** The tags that name it go as well. */
  removeManifest(digest: Digest): void {
    for (const tag of this.tags()) if (this.tagged(tag) === digest) this.untag(tag)
    remove(this.#manifest(digest))
  }

  tags = (): string[] => namesIn(join(this.#directory, '_tags'))
  tagged = (tag: string): Digest | undefined => readWhole(this.#tag(tag))?.toString() as Digest | undefined
  tag = (tag: string, digest: Digest): void => writeWhole(this.#tag(tag), digest)
  untag = (tag: string): void => remove(this.#tag(tag))
  layers = (): Digest[] => namesIn(join(this.#directory, '_layers')).map(digestOfHex)
}
