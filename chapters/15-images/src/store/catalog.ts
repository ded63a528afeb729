// index.json: which manifests are images here, and under which names.
//
//   const catalog = new Catalog('/var/lib/pocker/images')
//   catalog.entries()                          → [{ manifest: { digest, … }, names: [{ name: 'docker.io/library/box:1' }], … }]
//   await catalog.change((entries) => [...])   → alone among all processes, and in one rename
//
// It is the index of an OCI image layout: other tools read the directory as it is. A manifest stands there once for each of its
// names, or once without a name.
// Invariant: no name is there twice. What an index.json names was whole when it was written; whoever dies in between changes
// nothing.
// @see OCI image spec, image-layout.md; annotations.md
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { locked, writeWhole } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { namesIn } from '../content/scratch.ts'
import { readIndex, type Descriptor } from '../format/manifest.ts'
import { OCI_INDEX } from '../format/media.ts'

export interface Entry {
  readonly manifest: Descriptor
  readonly names: readonly Name[]
  /** What registries call it: `docker.io/library/busybox@sha256:…`. */
  readonly digests: readonly string[]
}

interface Name {
  /** Canonical, with a tag. */
  readonly name: string
  /** When it was given to it by somebody here, RFC 3339. */
  readonly tagged?: string | undefined
}

/** An annotation that the OCI defines, and two of our own. */
export const REF_NAME = 'org.opencontainers.image.ref.name'
const [DIGESTS, TAGGED] = ['io.pocker.image.digests', 'io.pocker.image.tagged']
const LAYOUT = JSON.stringify({ imageLayoutVersion: '1.0.0' })

export class Catalog {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** @throws {SpecError} if the file is damaged */
  entries(): readonly Entry[] {
    try {
      return grouped(readIndex(readFileSync(this.#file), OCI_INDEX, Infinity).manifests)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error instanceof SpecError ? new SpecError(`${JSON.stringify(this.#file)}: ${error.message}`, { cause: error }) : error
    }
  }

  /** @param body answers what shall be there from now on */
  async change(body: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
    await this.alone(() => this.write(body(this.entries())))
  }

  /** One at a time among all processes. Not to be nested. */
  async alone<T>(body: () => Promise<T> | T): Promise<T> {
    mkdirSync(this.root, { recursive: true, mode: 0o700 })
    return await locked(join(this.root, 'lock'), body)
  }

  /** For who is alone: whoever else was about to is dead. */
  write(entries: readonly Entry[]): void {
    for (const name of namesIn(this.root)) if (/\.\d+\.new$/.test(name)) rmSync(join(this.root, name))
    const layout = join(this.root, 'oci-layout')
    if (!existsSync(layout)) writeWhole(layout, LAYOUT)
    const manifests = entries.flatMap(descriptorsOf)
    writeWhole(this.#file, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, undefined, 2))
  }

  get #file(): string {
    return join(this.root, 'index.json')
  }
}

function grouped(descriptors: readonly Descriptor[]): Entry[] {
  const all = new Map<string, Entry>()
  for (const { annotations = {}, ...manifest } of descriptors) {
    const { names, digests } = all.get(manifest.digest) ?? { names: [], digests: [] }
    const { [REF_NAME]: name, [DIGESTS]: more = '', [TAGGED]: tagged } = annotations
    all.set(manifest.digest, {
      manifest, names: name === undefined ? names : [...names, { name, tagged }],
      digests: union(digests, more.split(' ').filter(Boolean)),
    })
  }
  return [...all.values()]
}

function descriptorsOf({ manifest, names, digests }: Entry): Descriptor[] {
  const { mediaType, digest, size, platform } = manifest
  const called = names.length > 0 ? names : [{ name: undefined, tagged: undefined }]
  return called.map(({ name, tagged }) => {
    const said = {
      ...(name && { [REF_NAME]: name }), ...(tagged && { [TAGGED]: tagged }),
      ...(digests.length > 0 && { [DIGESTS]: digests.join(' ') }),
    }
    return { mediaType, digest, size, ...(platform && { platform }), ...(Object.keys(said).length > 0 && { annotations: said }) }
  })
}

const union = <T>(a: readonly T[], b: readonly T[]): T[] => [...new Set([...a, ...b])]

/** What is known of a manifest from now on: its names and digests are no others' any more. */
export function entered(entries: readonly Entry[], { manifest, names, digests }: Entry): Entry[] {
  const there = entries.find((entry) => entry.manifest.digest === manifest.digest)
  const gone = [...names.map(({ name }) => name), ...digests]
  const others = without(entries.filter((entry) => entry !== there), gone)
  const kept = (there?.names ?? []).filter((old) => !names.some(({ name }) => name === old.name))
  return [...others, { manifest, names: [...kept, ...names], digests: union(there?.digests ?? [], digests) }]
}

/** @param gone names, and digests of registries */
export function without(entries: readonly Entry[], gone: readonly string[]): Entry[] {
  const stays = (name: string): boolean => !gone.includes(name)
  return entries.map(({ manifest, names, digests }) =>
    ({ manifest, names: names.filter(({ name }) => stays(name)), digests: digests.filter(stays) }))
}
