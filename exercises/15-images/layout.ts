// An image as files: the OCI image layout.
import type { Isolation, Json } from '@pocker/syscalls'

export interface Parts {
  /** An empty directory. */
  readonly directory: string
  /** What is in each layer's archive, the lowest first. They are not compressed, and they are text: no tar is needed here. */
  readonly layers: readonly string[]
  /** An image's config, without its `rootfs`. */
  readonly config: { readonly [field: string]: Json }
  /** What the index calls the image, such as `team/box:1`. */
  readonly name: string
}

/**
 * An isolation whose steps write into the directory:
 *
 *   oci-layout             {"imageLayoutVersion":"1.0.0"}
 *   blobs/sha256/HEX       each layer, the config with its `rootfs`, and the manifest, each under its digest
 *   index.json             one descriptor, of the manifest, with the name in org.opencontainers.image.ref.name
 *
 * There is nothing else in it in the end. index.json is written last, by one write: until then there is no image.
 */
export function layout({ directory, layers, config, name }: Parts): Isolation {
  const what = `${name} of ${layers.length} layers and ${JSON.stringify(config)}`
  throw new Error(`TODO: return steps that write ${what} into ${directory}`)
}
