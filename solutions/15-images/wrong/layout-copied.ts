// exercise: layout
// wrong: has the chapter's own package write the manifest
// score: 0
// says: an answer may not import @pocker/images: write it yourself
import { writeManifest } from '@pocker/images'
import type { Isolation } from '@pocker/syscalls'

export const layout = (): Isolation => ({ name: String(writeManifest({} as never, [])), child: [] })
