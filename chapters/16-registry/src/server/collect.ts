// What no manifest names is removed from the registry's disk.
//
//   collect('/var/lib/registry', { age: 86_400_000 })   → { blobs: ['sha256:…'], bytes: 1234, uploads: 2 }
//
// Invariant: nothing goes that was pushed, asked for or mounted within that time: its manifest may be on its way.
import { rmSync, statSync } from 'node:fs'
import type { Digest } from '@pocker/layers'
import { examine } from './manifest.ts'
import { Storage, type Repository } from './storage.ts'

export interface Collected {
  readonly blobs: readonly Digest[]
  readonly bytes: number
  readonly uploads: number
}

const DAY = 86_400_000

/** @param options.age milliseconds */
export function collect(root: string, { age = DAY }: { readonly age?: number } = {}): Collected {
  const storage = new Storage(root)
  const repositories = storage.repositories()
  const needed = new Set(repositories.flatMap(neededBy))
  const before = Date.now() - age
  const isOld = (file: string): boolean => statSync(file).mtimeMs <= before
  const blobs = storage.blobs().filter((digest) => !needed.has(digest) && isOld(storage.blobFile(digest)))
  const bytes = blobs.reduce((sum, digest) => sum + statSync(storage.blobFile(digest)).size, 0)
  const gone = new Set(blobs)
  for (const repository of repositories) for (const digest of repository.layers()) if (gone.has(digest)) repository.unlink(digest)
  for (const digest of blobs) rmSync(storage.blobFile(digest))
  const uploads = repositories.flatMap((repository) => repository.uploads().map((id) => repository.uploadFile(id))).filter(isOld)
  for (const file of uploads) rmSync(file)
  return { blobs, bytes, uploads: uploads.length }
}

function neededBy(repository: Repository): Digest[] {
  return repository.manifests().flatMap((digest) => {
    const found = repository.manifest(digest)
    return found ? [digest, ...examine(found.bytes, found.noted.mediaType).blobs] : []
  })
}
