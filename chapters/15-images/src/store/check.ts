// Whether what is stored is what was stored.
//
//   await check(blobs, layers, entries)   → [] or lines such as `blob sha256:…: expected its content, got that of sha256:…`
//
// Invariant: nothing is changed. What a killed process left behind is no damage.
import { SpecError } from '@pocker/syscalls'
import { Tally, type Digest, type Layers } from '@pocker/layers'
import type { Blobs } from '../content/blobs.ts'
import type { Entry } from './catalog.ts'
import { contentOf } from './image.ts'

export async function check(blobs: Blobs, layers: Layers, entries: () => readonly Entry[]): Promise<string[]> {
  const problems: string[] = []
  for (const digest of blobs.list()) {
    const problem = await checkBlob(blobs, digest)
    if (problem) problems.push(problem)
  }
  try {
    for (const entry of entries()) problems.push(...checkImage(blobs, layers, entry))
  } catch (error) {
    problems.push(said(error))
  }
  return [...new Set(problems)]
}

async function checkBlob(blobs: Blobs, digest: Digest): Promise<string | undefined> {
  const tally = new Tally()
  try {
    for await (const chunk of blobs.open(digest)) tally.add(chunk as Buffer)
  } catch (error) {
    if (blobs.has(digest)) throw error // otherwise somebody has taken it away, which is no damage
    return undefined
  }
  return tally.digest === digest ? undefined : `blob ${digest}: expected its content, got that of ${tally.digest}`
}

function checkImage(blobs: Blobs, layers: Layers, { manifest, names }: Entry): string[] {
  const what = `image ${JSON.stringify(names[0]?.name ?? manifest.digest)}`
  try {
    const content = contentOf(blobs, manifest)
    const parts = [content.manifest.config, ...content.manifest.layers]
    const there = parts.filter(({ digest }) => blobs.has(digest))
    const odd = there.filter(({ digest, size }) => blobs.size(digest) !== size)
    return [
      ...parts.filter((part) => !there.includes(part)).map(({ digest }) => `${what}: blob ${digest} is missing`),
      ...odd.map(({ digest, size }) => `${what}: blob ${digest} is not of ${size} bytes`),
      ...content.layers.filter((chain) => !layers.get(chain)).map((chain) => `${what}: layer ${chain} is missing`),
    ]
  } catch (error) {
    return [`${what}: ${said(error)}`]
  }
}

function said(error: unknown): string {
  if (error instanceof SpecError) return error.message
  throw error
}
