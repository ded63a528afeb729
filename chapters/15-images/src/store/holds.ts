// What nobody may take away, because somebody is about to need it.
//
//   await holds.during([digest, …], async () => …)   → what the body returns; meanwhile these are in current()
//
// A pull finds that half of an image is there already, and fetches the rest. If that half were removed in between, it would have
// pulled a ruin.
// Invariant: a hold ends with its body, or with the process. Whoever removes is alone, and looks at the holds then; a hold is
// made by who is alone as well: so it is either seen, or made before anything was looked for.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDigest, type Digest } from '@pocker/layers'
import { namesIn, removeDead, scratchName } from '../content/scratch.ts'
import type { Catalog } from './catalog.ts'

export class Holds {
  readonly #catalog: Catalog
  readonly #directory: string

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    this.#directory = join(catalog.root, 'holds')
  }

  async during<T>(digests: Iterable<Digest>, body: () => Promise<T>): Promise<T> {
    const release = await this.hold(digests)
    try {
      return await body()
    } finally {
      release()
    }
  }

  /** @param digests of blobs, and chain ids of layers. @returns what ends it */
  async hold(digests: Iterable<Digest>): Promise<() => void> {
    const file = join(this.#directory, scratchName())
    await this.#catalog.alone(() => {
      mkdirSync(this.#directory, { recursive: true })
      writeFileSync(file, [...digests].join('\n'))
    })
    return () => rmSync(file, { force: true })
  }

  /** For who is alone. */
  current(): Set<Digest> {
    this.clean()
    return new Set(namesIn(this.#directory).flatMap((name) => this.#read(name)).filter(isDigest))
  }

  clean(): void {
    removeDead(this.#directory)
  }

  /** It may end just now. */
  #read(name: string): string[] {
    try {
      return readFileSync(join(this.#directory, name), 'utf8').split('\n')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
}
