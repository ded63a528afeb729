// The layers of an image, out of its blobs.
//
//   checkSizes(blobs, content)                 each blob is there, and as long as the manifest says
//   await unpackLayers(blobs, layers, content) each layer is there, unpacked
import type { Digest, Layers } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import type { Blobs } from '../content/blobs.ts'
import type { Content } from './image.ts'

/** @throws {SpecError} naming the first that is not */
export function checkSizes(blobs: Blobs, { manifest }: Content): void {
  for (const { digest, size } of [manifest.config, ...manifest.layers]) {
    const got = blobs.size(digest)
    if (got !== size) throw new SpecError(`blob ${digest}: expected ${size} bytes, as the manifest says, got ${got}`)
  }
}

/** @throws {ArchiveError} if a layer is not what the config says */
export async function unpackLayers(blobs: Blobs, layers: Layers, { manifest, config, layers: chain }: Content): Promise<void> {
  for (const [i, { digest }] of manifest.layers.entries()) {
    if (layers.get(chain[i] as Digest)) continue
    const [diffId, parent] = [config.rootfs.diff_ids[i] as Digest, chain[i - 1]]
    await layers.add({ diffId, source: { file: blobs.path(digest) }, ...(parent && { parent }) })
  }
}
