// Manifests: given, taken and forgotten, by tag or by digest.
//
//   GET, HEAD, PUT, DELETE /v2/NAME/manifests/REFERENCE
//
// Invariant: all that a manifest names is in its repository when it is taken.
import type { IncomingMessage } from 'node:http'
import { isDigest, type Digest } from '@pocker/layers'
import { ApiError, type Answer } from './answer.ts'
import { contentDigest, type Call } from './call.ts'
import { examine, MANIFEST_MAX } from './manifest.ts'
import { checkDigest, isTag } from './names.ts'
import type { Repository } from './storage.ts'

/** Under a name that no tag can have, there is nothing. */
const named = (repository: Repository, last: string): Digest | undefined =>
  last.includes(':') ? checkDigest(last) : isTag(last) ? repository.tagged(last) : undefined

export function getManifest({ repository, last }: Call): Answer {
  const digest = named(repository, last)
  const found = digest && repository.manifest(digest)
  if (!found) {
    throw new ApiError(repository.exists() ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN', { name: repository.name, reference: last })
  }
  const { noted: { mediaType, size }, bytes } = found
  return {
    status: 200, headers: { 'content-type': mediaType, 'content-length': size, ...contentDigest(digest), etag: `"${digest}"` },
    body: bytes,
  }
}

// region put
export async function putManifest({ repository, request, last }: Call): Promise<Answer> {
  const isByDigest = last.includes(':')
  if (isByDigest) checkDigest(last)
  else if (!isTag(last)) throw new ApiError('TAG_INVALID', { tag: last.slice(0, 200) })
  const bytes = await small(request, MANIFEST_MAX)
  const { noted, blobs, manifests } = examine(bytes, request.headers['content-type'])
  if (isByDigest && noted.digest !== last) throw new ApiError('DIGEST_INVALID', { expected: last, got: noted.digest })
  const missing = [
    ...blobs.filter((digest) => repository.blob(digest) === undefined), ...manifests.filter((digest) => !repository.noted(digest)),
  ]
  if (missing.length > 0) throw new ApiError('MANIFEST_BLOB_UNKNOWN', { digest: missing[0] })
  repository.putManifest(bytes, noted)
  if (!isByDigest) repository.tag(last, noted.digest)
  const location = `/v2/${repository.name}/manifests/${noted.digest}`
  return {
    status: 201, headers: { location, ...contentDigest(noted.digest), ...(noted.subject && { 'oci-subject': noted.subject }) },
  }
}
// endregion

export function deleteManifest({ repository, last }: Call): Answer {
  const digest = named(repository, last)
  if (!digest || !repository.noted(digest)) throw new ApiError('MANIFEST_UNKNOWN', { reference: last })
  isDigest(last) ? repository.removeManifest(digest) : repository.untag(last)
  return { status: 202 }
}

async function small(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) throw new ApiError('TOO_LARGE', { most })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
