// An archive of images, taken apart: its files are on disk before anybody knows what they are.
//
//   const archive = await Archive.read(images, source)
//   archive.text('manifest.json')   → its bytes, if it is there        archive.file('x/layer.tar')   → { digest, size, file }
//
// Nothing is looked up in a file system by a name from the archive: names are keys of a table.
// Invariant: until drop(), what it found in the store stays there; after it, nothing of it is left but what got a name there.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { posix } from 'node:path'
import {
  ArchiveError, compressionOf, decompressed, isDigest, readTar, type Compression, type Digest, type Member, type Source,
} from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import type { Blobs, Staged, Stored } from '../content/blobs.ts'
import type { Images } from '../store/images.ts'

/** Files of an archive, and bytes of what is read as a whole. */
const [FILES_MAX, TEXT_MAX] = [20_000, 8 * 1024 * 1024]

/** A blob that is in the store already has no file here. */
export interface Found extends Stored { readonly staged?: Staged }

export class Archive {
  readonly #images: Images
  readonly #blobs: Blobs
  readonly #files = new Map<string, Found>()
  readonly #links = new Map<string, string>()
  readonly #releases: (() => void)[] = []

  private constructor(images: Images) {
    this.#images = images
    this.#blobs = images.blobs
  }

  /** @throws {ArchiveError} and {SpecError} */
  static async read(images: Images, source: Source): Promise<Archive> {
    const archive = new Archive(images)
    try {
      for await (const member of readTar(decompressed(source))) await archive.#add(member)
      return archive
    } catch (error) {
      await archive.drop()
      throw error
    }
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined
  }

  /** @throws {ArchiveError} if it is not there */
  file(path: string): Found {
    const found = this.#find(path)
    if (!found) throw new ArchiveError(`expected a file ${JSON.stringify(path)}, got none`)
    return found
  }

  /** By digest, wherever it is called so. */
  blob(digest: Digest): Found | undefined {
    const found = this.#files.get(`blobs/${digest.replace(':', '/')}`)
    if (found || !this.#blobs.has(digest)) return found
    return { digest, size: this.#blobs.size(digest) }
  }

  /** If it is in the store, it stays there until drop(), whoever removes its image. */
  async isStored(digest: Digest): Promise<boolean> {
    if (!this.#blobs.has(digest)) return false
    this.#releases.push(await this.#images.hold([digest]))
    return this.#blobs.has(digest)
  }

  /** @throws {ArchiveError} and {SpecError} if it is not there, or too large */
  text(found: Found): Buffer {
    if (!found.staged) return this.#blobs.read(found.digest)
    if (found.size > TEXT_MAX) throw new SpecError(`archive: expected at most ${TEXT_MAX} bytes of JSON, got ${found.size}`)
    return readFileSync(found.staged.file)
  }

  compression(found: Found): Compression {
    const fd = openSync(found.staged?.file ?? this.#blobs.path(found.digest), 'r')
    try {
      const start = Buffer.alloc(4)
      return compressionOf(start.subarray(0, readSync(fd, start)))
    } finally {
      closeSync(fd)
    }
  }

  async drop(): Promise<void> {
    for (const { staged } of this.#files.values()) if (staged) await this.#blobs.drop(staged)
    for (const release of this.#releases) release()
  }

  async #add({ entry, data }: Member): Promise<void> {
    const path = key(entry.path)
    if (this.#files.size + this.#links.size >= FILES_MAX) throw new ArchiveError(`expected at most ${FILES_MAX} files`)
    if (entry.type === 'symlink') this.#links.set(path, key(posix.join(posix.dirname(path), entry.target)))
    if (entry.type === 'link') this.#links.set(path, key(entry.target))
    if (entry.type !== 'file') return
    if (entry.segments) throw new ArchiveError(`${JSON.stringify(entry.path)}: expected a file without holes`)
    const before = this.#files.get(path)
    this.#files.set(path, await this.#stage(path, entry.size, data))
    if (before?.staged) await this.#blobs.drop(before.staged)
  }

  /** A name below blobs/ is a promise, and is held to it. */
  async #stage(path: string, size: number, data: Member['data']): Promise<Found> {
    const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path) ?? []
    const digest = `sha256:${hex}`
    if (!isDigest(digest)) return staged(await this.#blobs.stage(data(), { size }))
    if (await this.isStored(digest)) return { digest, size: this.#blobs.size(digest) }
    return staged(await this.#blobs.stage(data(), { digest, size }))
  }

  /** Links lead to links; a circle of them leads nowhere. */
  #find(path: string): Found | undefined {
    let at: string | undefined = key(path)
    for (let steps = 0; at !== undefined && steps < 40; steps++) {
      const found = this.#files.get(at)
      if (found) return found
      at = this.#links.get(at)
    }
    return undefined
  }
}

const staged = (file: Staged): Found => ({ digest: file.digest, size: file.size, staged: file })

/** Without `./` and the like; what leads out of the archive is the name of nothing in it. */
const key = (path: string): string => posix.normalize(path).replace(/^\/+|\/+$/g, '')
