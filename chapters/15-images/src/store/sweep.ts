// Takes away the blobs and layers that nobody needs.
//
//   await sweep(blobs, layers, candidates, needed)   → { deleted: chain ids, reclaimed: bytes }
//
// Invariant: what is in `needed` stays. It is the caller who is alone with the store meanwhile.
import type { Digest, Layer, Layers } from '@pocker/layers'
import type { Blobs } from '../content/blobs.ts'

export interface Swept { readonly deleted: string[]; readonly reclaimed: number }

export async function sweep(
  blobs: Blobs, layers: Layers, candidates: Iterable<Digest>, needed: ReadonlySet<Digest>,
): Promise<Swept> {
  let reclaimed = 0
  for (const digest of candidates) if (!needed.has(digest)) reclaimed += await blobs.remove(digest)
  const gone = await layers.prune(needed)
  return { deleted: downward(gone), reclaimed: reclaimed + gone.reduce((sum, { size }) => sum + size, 0) }
}

/** Chain ids, those on top first. */
function downward(layers: readonly Layer[]): Digest[] {
  const parents = new Map(layers.map(({ chainId, parent }) => [chainId, parent]))
  const depthOf = (id: Digest | undefined): number => (id === undefined || !parents.has(id) ? 0 : 1 + depthOf(parents.get(id)))
  return [...parents.keys()].toSorted((a, b) => depthOf(b) - depthOf(a) || (a < b ? -1 : 1))
}
