// The layers of a machine: each is there once, unpacked, whatever images and containers stand on it.
//
//   const layers = new Layers('/var/lib/pocker/layers')
//   await layers.add({ diffId, source })   → { chainId, diffId, size }
//   await layers.prune(keep)               → those that nobody needed any more, which are gone
//
// On disk: chains/HEX/{layer.json,diff/}, a short name l/NAME → ../chains/HEX/diff for each, staged/ for what is half-made or
// half gone, writable/ for containers (writable.ts).
// Invariant: a layer appears, and goes, in one rename. Who uses it is looked up, and stored nowhere, so no count can be wrong.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import { hexOf, isDigest, type Digest } from '../content/digest.ts'
import { locked, lockedDirectory, unlessLocked } from '../content/lock.ts'
import { removeTree, writeWhole } from '../content/files.ts'
import { ArchiveError } from '../tar/entry.ts'
import { packTree, unpack, unpackOnto, type Packed, type UnpackOptions } from '../tree/unpack.ts'
import type { Notation } from '../tree/whiteout.ts'
import { chainId } from './chain.ts'
import { having } from './having.ts'
import { notationOf } from './notation.ts'

export interface Layer {
  readonly chainId: Digest
  readonly parent?: Digest
  /** Of its archive, uncompressed. */
  readonly diffId: Digest
  /** Bytes of its files, as Docker counts them. */
  readonly size: number
  /** Its name in `l`, for overlayfs. */
  readonly short: string
}

export interface NewLayer extends Pick<Layer, 'parent' | 'diffId'>, Pick<UnpackOptions, 'progress' | 'signal'> {
  readonly source: Packed
  /** Bytes of the archive within, at most. */
  readonly most?: number
}

export class Layers {
  readonly root: string
  #notation: Notation | undefined

  constructor(root: string) {
    this.root = resolve(root)
  }

  get notation(): Notation {
    this.#notation ??= notationOf(this.root)
    return this.#notation
  }

  list(): Layer[] {
    return namesIn(this.path('chains')).flatMap((hex) => this.get(`sha256:${hex}`) ?? [])
  }

  get(id: Digest): Layer | undefined {
    const written = isDigest(id) ? unlessMissing(() => readFileSync(join(this.#chain(id), 'layer.json'), 'utf8')) : undefined
    return written === undefined ? undefined : JSON.parse(written) as Layer
  }

  /** Its files: with overlayfs its own, otherwise those of the layers below, too. */
  directory = (id: Digest): string => join(this.#chain(id), 'diff')

  /** It, and those below it, the uppermost first. @throws {SpecError} if one is not there */
  stack(id: Digest | undefined): Layer[] {
    if (id === undefined) return []
    const layer = this.get(id)
    if (!layer) throw new SpecError(`layer: expected one of those that are there, got ${id}`)
    return [layer, ...this.stack(layer.parent)]
  }

  /**
   * Unpacks a layer, unless it is there. Two who want the same one make it once.
   * @throws {ArchiveError} if its digest is another, or its archive is not good; then nothing of it stays
   */
  async add({ parent, diffId, ...packed }: NewLayer): Promise<Layer> {
    const id = chainId(parent, diffId)
    const below = this.stack(parent)
    const there = this.get(id)
    if (there) return there
    const staged = this.path('staged', hexOf(id))
    return lockedDirectory(staged, async (lock) => {
      const made = this.get(id)
      if (made) {
        removeTree(staged) // it was waited for, and made anew to wait
        return made
      }
      try {
        for (const name of readdirSync(staged)) removeTree(join(staged, name)) // of one who was killed
        const size = await this.#unpack(join(staged, 'diff'), { diffId, lock, ...packed }, below)
        return await this.#enter(staged, { chainId: id, ...(parent && { parent }), diffId, size })
      } catch (error) {
        removeTree(staged)
        throw error
      }
    })
  }

  async #unpack(
    directory: string, { diffId, source, ...how }: NewLayer & { lock: number }, below: readonly Layer[],
  ): Promise<number> {
    const { notation } = this
    const options = { notation, ...how }
    const copied = notation === 'files' ? below[0] : undefined
    const lowers = below.map((layer) => this.directory(layer.chainId))
    if (copied) await unpack(packTree(this.directory(copied.chainId)), directory, { lock: how.lock, lowers: lowers.slice(0, 1) })
    const applied = copied ? await unpackOnto(source, directory, options) : await unpack(source, directory, { ...options, lowers })
    if (applied.diffId === diffId) return applied.bytes
    throw new ArchiveError(`expected ${diffId}, got ${applied.diffId}`)
  }

  /** The short name first: a layer that is there has one. */
  #enter(staged: string, found: Omit<Layer, 'short'>): Promise<Layer> {
    return this.locked(() => {
      this.stack(found.parent) // it may have been pruned meanwhile
      const layer: Layer = { ...found, short: this.#shorten(found.chainId) }
      writeWhole(join(staged, 'layer.json'), JSON.stringify(layer))
      mkdirSync(this.path('chains'), { recursive: true })
      renameSync(staged, this.#chain(layer.chainId))
      return layer
    })
  }

  /** As many letters of the digest as nobody else has. */
  #shorten(id: Digest): string {
    mkdirSync(this.path('l'), { recursive: true })
    const letters = Buffer.from(hexOf(id), 'hex').toString('base64url')
    const target = join('..', 'chains', hexOf(id), 'diff')
    const names = Array.from({ length: letters.length - SHORT }, (_, i) => letters.slice(0, SHORT + i))
    const name = names.find((one) => [undefined, target].includes(linkText(this.path('l', one)))) as string
    if (linkText(this.path('l', name)) === undefined) symlinkSync(target, this.path('l', name))
    return name
  }

  /**
   * @param keep chain IDs; what lies below them is kept, too, and what a container stands on
   * @returns those that went
   */
  async prune(keep: Iterable<Digest>): Promise<readonly Layer[]> {
    const gone = await this.locked(() => {
      const kept = [...keep, ...this.tops()].flatMap((id) => (this.get(id) ? this.stack(id) : []))
      const ids = new Set(kept.map((layer) => layer.chainId))
      const unused = this.list().filter((layer) => !ids.has(layer.chainId))
      for (const { chainId: id } of unused) renameSync(this.#chain(id), this.goes(hexOf(id)))
      return unused
    })
    await this.clean()
    return gone
  }

  /** The chain IDs that containers stand on. */
  tops(): Digest[] {
    return this.writables().flatMap(({ top }) => top ?? [])
  }

  /** Containers' layers, see writable.ts. */
  writables(): { readonly name: string; readonly top?: Digest; readonly borrowed?: true }[] {
    return namesIn(this.path('writable')).flatMap((name) => {
      const written = unlessMissing(() => readFileSync(this.path('writable', name, 'writable.json'), 'utf8'))
      return written === undefined ? [] : { name, ...JSON.parse(written) as { top?: Digest } }
    })
  }

  /** @returns the directory of the layer that a path of the whole is from; undefined if it is not there */
  having = (top: Digest | undefined, path: string): string | undefined =>
    having(this.stack(top).map((layer) => this.directory(layer.chainId)), path)

  /** Takes away what those left who were killed. @returns what it was */
  async clean(): Promise<string[]> {
    const dead: string[] = []
    for (const path of namesIn(this.path('staged')).map((name) => this.path('staged', name))) {
      if (unlessLocked(path, () => removeTree(path))) dead.push(path)
    }
    return this.locked(() => {
      const dangling = namesIn(this.path('l')).map((name) => this.path('l', name)).filter((link) => !existsSync(link))
      for (const link of dangling) rmSync(link)
      return [...dead, ...dangling]
    })
  }

  /** For what is short, and changes who stands on what. */
  locked<T>(body: () => T): Promise<T> {
    mkdirSync(this.root, { recursive: true, mode: 0o710 })
    return locked(this.path('lock'), body)
  }

  /** @returns a path to move it to, before it is removed: that takes time, and may be broken off */
  goes(name: string): string {
    mkdirSync(this.path('staged'), { recursive: true, mode: 0o710 })
    return this.path('staged', `gone-${name}-${randomUUID()}`)
  }

  path = (...names: readonly string[]): string => join(this.root, ...names)

  #chain = (id: Digest): string => this.path('chains', hexOf(id))
}

/** Letters, of 64 each: 16 million layers before one needs more. */
const SHORT = 4

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : [])
const linkText = (path: string): string | undefined => unlessMissing(() => readlinkSync(path))

/** It may go at any time: another process takes it away. */
function unlessMissing(read: () => string): string | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
