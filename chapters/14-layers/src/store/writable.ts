// The layer of a container, on top of those of its image: what it changes is there, and nowhere else.
//
//   const writable = new Writables(layers)
//   await writable.create('box', top)   → made
//   writable.root('box')                → { path, made }: the root for chapter 04's mounts(), and the steps that put it there
//   writable.diff('box')                → what has changed, as the archive of a layer
//   await writable.commit('box')        → that layer, in the store
//   await writable.borrow('box', top, body)   → one for as long as the body runs
//
// On disk: writable/NAME/{writable.json,diff/,work/,merged/}.
// Invariant: nothing is mounted but in the container's own mount table: when it has ended, however, nothing is left to unmount.
import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SpecError, type Syscall } from '@pocker/syscalls'
import { Tally, tallied, type Digest } from '../content/digest.ts'
import { removeTree, writeWhole } from '../content/files.ts'
import { isLocked, lockedDirectory, unlessLocked } from '../content/lock.ts'
import { compare } from '../tree/compare.ts'
import { listing, pack, packTree, unpack } from '../tree/unpack.ts'
import type { Layer, Layers } from './layers.ts'
import { overlay } from './overlay.ts'

interface Kept {
  readonly top?: Digest
  /** Its process holds a lock on the directory; when that is free, nobody needs it any more. */
  readonly borrowed?: true
}

/** As Docker allows for a container. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

export class Writables {
  readonly #layers: Layers

  constructor(layers: Layers) {
    this.#layers = layers
  }

  /**
   * @param top chain ID of the image's uppermost layer; without one, it begins empty
   * @throws {SpecError} if there is one of that name
   */
  create(name: string, top?: Digest): Promise<void> {
    return this.#make(name, { ...(top && { top }) }, () => {})
  }

  /** Gone when the body has ended; if this process is killed, with the next clean(). */
  borrow<T>(name: string, top: Digest | undefined, body: () => Promise<T>): Promise<T> {
    return this.#make(name, { ...(top && { top }), borrowed: true }, () => body().finally(() => this.remove(name)))
  }

  /** Takes away those that were borrowed by processes that are dead. */
  async clean(): Promise<void> {
    const dead = this.#layers.writables().filter(({ name, borrowed }) => borrowed && !isLocked(this.#path(name)))
    for (const { name } of dead) await this.remove(name).catch(ignoreMissing)
    await this.#layers.clean()
  }

  /** @throws {SpecError} if there is one of that name */
  async #make<T>(name: string, kept: Kept, body: () => Promise<T> | T): Promise<T> {
    const { top } = kept
    if (!NAME.test(name)) throw new SpecError(`name: expected letters, digits and any of _.-, got ${JSON.stringify(name)}`)
    const { notation } = this.#layers
    this.#layers.stack(top) // told before anything is made
    const staged = this.#layers.path('staged', `writable-${name}`)
    return lockedDirectory(staged, async (lock) => {
      try {
        if (existsSync(this.#path(name))) throw new SpecError(`name: expected one that nobody has, got ${JSON.stringify(name)}`)
        const diff = join(staged, 'diff')
        removeTree(diff) // of one who was killed
        if (notation === 'files' && top) await unpack(packTree(this.#layers.directory(top)), diff, { lock })
        else mkdirSync(diff, { mode: 0o755 })
        if (top) likewise(this.#layers.directory(top), diff)
        for (const directory of ['work', 'merged']) mkdirSync(join(staged, directory), { recursive: true, mode: 0o700 })
        writeWhole(join(staged, 'writable.json'), JSON.stringify(kept))
        await this.#layers.locked(() => {
          this.#layers.stack(top) // it may have been pruned meanwhile
          mkdirSync(this.#layers.path('writable'), { recursive: true, mode: 0o710 })
          renameSync(staged, this.#path(name))
        })
      } catch (error) {
        removeTree(staged)
        throw error
      }
      return body()
    })
  }

  /**
   * Behind the steps, the tree is at the path, for this mount table.
   * @param top if it is not made yet: this only makes a plan
   */
  root(name: string, top = this.#kept(name).top): { readonly path: string; readonly made?: readonly Syscall[] } {
    const { notation } = this.#layers
    if (notation === 'files') return { path: this.#path(name, 'diff') }
    const [path, upper, work] = ['merged', 'diff', 'work'].map((part) => this.#path(name, part)) as [string, string, string]
    const lowers = this.#layers.stack(top).map(({ short }) => short)
    const below = lowers.length > 0 ? { names: this.#layers.path('l'), lowers } : this.#nothing()
    return { path, made: overlay({ ...below, upper, work, target: path, notation }) }
  }

  /** Overlayfs wants something below. */
  #nothing(): { names: string; lowers: string[] } {
    mkdirSync(this.#layers.path('nothing'), { recursive: true })
    return { names: this.#layers.root, lowers: ['nothing'] }
  }

  /** The archive of what has changed since it was created. */
  async *diff(name: string): AsyncGenerator<Uint8Array, void> {
    const { top } = this.#kept(name)
    const { notation } = this.#layers
    const directory = this.#path(name, 'diff')
    if (notation !== 'files' || !top) return yield* pack(directory, { notation })
    const changes = compare(await listing(this.#layers.directory(top)), await listing(directory))
    yield* pack(directory, { changes })
  }

  /** What has changed becomes a layer. The container goes on as it was. */
  async commit(name: string): Promise<Layer> {
    const { top } = this.#kept(name)
    const staged = this.#layers.path('staged', `commit-${randomUUID()}`)
    return lockedDirectory(staged, async () => {
      try {
        const [tally, file] = [new Tally(), join(staged, 'layer.tar')]
        await writeFile(file, tallied(this.diff(name), tally), { mode: 0o600 })
        return await this.#layers.add({ ...(top && { parent: top }), diffId: tally.digest, source: { file } })
      } finally {
        rmSync(staged, { recursive: true })
      }
    })
  }

  /** With all that it changed. */
  async remove(name: string): Promise<void> {
    const gone = this.#layers.goes(name)
    await this.#layers.locked(() => {
      this.#kept(name) // another process may have removed it meanwhile
      renameSync(this.#path(name), gone)
    })
    unlessLocked(gone, () => removeTree(gone)) // otherwise it is being cleaned
  }

  #kept(name: string): Kept {
    const file = this.#path(name, 'writable.json')
    if (NAME.test(name) && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Kept
    throw new SpecError(`name: expected that of a writable layer, got ${JSON.stringify(name)}`)
  }

  #path = (name: string, ...more: readonly string[]): string => this.#layers.path('writable', name, ...more)
}

/** The root of the whole is as the upper directory is. */
function likewise(directory: string, other: string): void {
  const { uid, gid, mode } = statSync(directory)
  chownSync(other, uid, gid)
  chmodSync(other, mode & 0o7777)
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof SpecError)) throw error
}
