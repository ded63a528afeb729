// What no manifest names is removed from the registry's disk.
//
//   collect('/var/lib/registry', { age: 86_400_000 })   → { blobs: ['sha256:…'], bytes: 1234, uploads: 2 }
//
// Invariant: nothing goes that was pushed, asked for or mounted within that time: its manifest may be on its way.
import { existsSync } from 'node:fs'
import type { Digest } from '@pocker/layers'
import { removeOld } from './files.ts'
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
  const gone = new Map(storage.blobs().filter((digest) => !needed.has(digest)).flatMap((digest) => {
    const size = removeOld(storage.blobFile(digest), before)
    return size === undefined ? [] : [[digest, size] as const]
  }))
  // Only now: a blob that became young at the last moment stays in its repositories. And one may have been pushed anew.
  const isGone = (digest: Digest): boolean => gone.has(digest) && !existsSync(storage.blobFile(digest))
  for (const repository of repositories) for (const digest of repository.layers().filter(isGone)) repository.unlink(digest)
  for (const file of storage.halfMade()) removeOld(file, before)
  const uploads = repositories.flatMap((repository) => repository.uploads().map((id) => repository.uploadFile(id)))
    .filter((file) => removeOld(file, before) !== undefined)
  return { blobs: [...gone.keys()], bytes: [...gone.values()].reduce((sum, size) => sum + size, 0), uploads: uploads.length }
}

function neededBy(repository: Repository): Digest[] {
  return repository.manifests().flatMap((digest) => {
    const found = repository.manifest(digest)
    if (!found) return []
    const { blobs, foreign } = examine(found.bytes, found.noted.mediaType)
    return [digest, ...blobs, ...foreign]
  })
}
