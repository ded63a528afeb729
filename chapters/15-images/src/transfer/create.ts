// New images: layers, and changes of the config, on top of another image or of nothing.
//
//   await createImage(images, { steps: [{ layer: source, comment: 'imported' }], config: { os: 'linux', architecture: 'amd64' } })
//   await createImage(images, { from: image, steps: [{ created_by: 'CMD ["sh"]' }], config: image.config, reference })
//
// Invariant: the same parts give the same image, to the byte; if it fails, nothing is left.
import { decompressed, gzipped, Tally, tallied, type Digest, type Source } from '@pocker/layers'
import type { Staged } from '../content/blobs.ts'
import { writeConfig, type ImageConfig, type Step } from '../format/config.ts'
import { readManifest, writeManifest, type Descriptor } from '../format/manifest.ts'
import { OCI_LAYER, OCI_MANIFEST } from '../format/media.ts'
import type { Reference } from '../reference.ts'
import type { Image } from '../store/image.ts'
import type { Images } from '../store/images.ts'

export interface NewImage {
  /** Its layers and its history come first. */
  readonly from?: Image | undefined
  /** What is new, in order. */
  readonly steps: readonly NewStep[]
  readonly config: Omit<ImageConfig, 'rootfs' | 'history'>
  readonly reference?: Reference | undefined
}

/** A line of the history. */
export interface NewStep extends Omit<Step, 'empty_layer'> {
  /** An archive, compressed or not. Without one, the step changes the config only. */
  readonly layer?: Source | undefined
}

interface StagedLayer extends Staged { readonly diffId: Digest }

/** @throws {SpecError} and {ArchiveError} */
export async function createImage(images: Images, { from, steps, config, reference }: NewImage): Promise<Image> {
  const layers: StagedLayer[] = []
  const staged: Staged[] = []
  try {
    for (const { layer } of steps) {
      if (!layer) continue
      const one = await stage(images, layer)
      layers.push(one)
      staged.push(one)
    }
    const below = from ? readManifest(images.blobs.read(from.manifest.digest), from.manifest.mediaType).layers : []
    const diffIds = [...from?.config.rootfs.diff_ids ?? [], ...layers.map(({ diffId }) => diffId)]
    const told = steps.map(({ layer, ...step }) => (layer ? step : { ...step, empty_layer: true }))
    const history = [...from?.config.history ?? [], ...told]
    const bytes = writeConfig({ ...config, rootfs: { type: 'layers', diff_ids: diffIds }, history })
    const described = await images.blobs.stage([bytes])
    staged.push(described)
    const manifest = writeManifest(described, [...below, ...layers.map(descriptorOf)])
    return await images.adopt(staged, async () => await images.put(manifest, OCI_MANIFEST, { reference }))
  } finally {
    for (const one of staged) await images.blobs.drop(one)
  }
}

async function stage(images: Images, layer: Source): Promise<StagedLayer> {
  const tally = new Tally()
  const staged = await images.blobs.stage(gzipped(tallied(decompressed(layer), tally)))
  return { ...staged, diffId: tally.digest }
}

const descriptorOf = ({ digest, size }: Staged): Descriptor => ({ mediaType: `${OCI_LAYER}+gzip`, digest, size })
