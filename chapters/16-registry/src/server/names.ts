// Names in a registry: of repositories, tags, digests, uploads. They become names of files.
//
//   checkRepository('library/busybox')   → the same; throws NAME_INVALID otherwise
//
// Invariant: what passes has no empty part, no part that begins with a dot or an underscore, and no character that a file name
// may not have.
// @see OCI distribution spec, "Pulling manifests"
import { isDigest, type Digest } from '@pocker/layers'
import { ApiError } from './answer.ts'

const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${PART}(?:/${PART})*$`)
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const UPLOAD = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const REPOSITORY_MAX = 255

export const isTag = (text: string): boolean => TAG.test(text)

export function checkRepository(name: string): string {
  if (name.length <= REPOSITORY_MAX && REPOSITORY.test(name)) return name
  throw new ApiError('NAME_INVALID', { name: name.slice(0, REPOSITORY_MAX) })
}

export function checkDigest(text: string | null): Digest {
  if (isDigest(text)) return text
  throw new ApiError('DIGEST_INVALID', { expected: 'sha256: and 64 hexadecimal digits' })
}

export function checkUpload(id: string): string {
  if (UPLOAD.test(id)) return id
  throw new ApiError('BLOB_UPLOAD_UNKNOWN')
}
