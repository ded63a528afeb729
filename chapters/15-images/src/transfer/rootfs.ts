// Root file systems become images, and directories archives: `import` and `export`.
//
//   await importRootfs(images, source, { reference, changes: ['CMD ["sh"]'] })   → an image of one layer
//   for await (const chunk of exportRootfs('/var/lib/…/merged')) …              → an archive of what is in it
//
// Invariant: the archive's bytes, uncompressed, are the layer; nothing in them is changed.
import { packTree, type Source } from '@pocker/layers'
import { timeText } from '../format/config.ts'
import { hostPlatform } from '../format/platform.ts'
import type { Platform } from '../format/manifest.ts'
import type { Reference } from '../reference.ts'
import type { Image } from '../store/image.ts'
import type { Images } from '../store/images.ts'
import { applyChanges } from './changes.ts'
import { createImage } from './create.ts'

export interface ImportOptions {
  readonly reference?: Reference | undefined
  /** What the history says of it. */
  readonly message?: string | undefined
  /** Lines of a Dockerfile that change the config. */
  readonly changes?: readonly string[] | undefined
  readonly platform?: Platform | undefined
  /** If it is not now. */
  readonly created?: Date | undefined
}

/** @param source an archive, compressed or not. @throws {SpecError} and {ArchiveError}; nothing is left then */
export async function importRootfs(images: Images, source: Source, options: ImportOptions = {}): Promise<Image> {
  const { reference, message = 'Imported from -', changes = [], platform = hostPlatform(), created: date = new Date() } = options
  const [config, created] = [applyChanges({}, changes), timeText(date)]
  const { os, architecture, variant } = platform
  return await createImage(images, {
    steps: [{ layer: source, created, comment: message }], reference,
    config: { created, os, architecture, ...(variant && { variant }), config },
  })
}

/** The same bytes for the same files. */
export const exportRootfs = (directory: string): AsyncGenerator<Uint8Array> => packTree(directory)
