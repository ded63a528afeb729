// A layer is known by all that lies below it, too: the same archive on top of other layers is another layer.
//
//   chainId(undefined, base)          → base
//   chainId(chainId, next)            → the hash of both
//   chainIds([base, next])            → both chain IDs
//
// @see OCI image spec, config.md, "Layer ChainID"
import { digestOf, type Digest } from '../content/digest.ts'

// region chainId
export const chainId = (parent: Digest | undefined, diffId: Digest): Digest =>
  parent === undefined ? diffId : digestOf(`${parent} ${diffId}`)
// endregion

export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const ids: Digest[] = []
  for (const diffId of diffIds) ids.push(chainId(ids.at(-1), diffId))
  return ids
}
