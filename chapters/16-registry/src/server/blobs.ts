// Blobs: given, whole or in part, and forgotten.
//
//   GET, HEAD, DELETE /v2/NAME/blobs/DIGEST
import { parseRange } from '../http/range.ts'
import { ApiError, type Answer } from './answer.ts'
import { contentDigest, type Call } from './call.ts'
import { checkDigest } from './names.ts'

export function getBlob({ repository, request, last }: Call): Answer {
  const digest = checkDigest(last)
  const size = repository.blob(digest)
  if (size === undefined) throw new ApiError('BLOB_UNKNOWN', { digest })
  const etag = `"${digest}"`
  const isWhole = request.method === 'HEAD' || (request.headers['if-range'] ?? etag) !== etag // RFC 9110: 14.2, 13.1.5
  const range = isWhole ? undefined : parseRange(request.headers.range, size)
  if (range === 'unsatisfiable') throw new ApiError('RANGE_INVALID', { size }, { 'content-range': `bytes */${size}` })
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const headers = {
    'content-type': 'application/octet-stream', 'content-length': end - start + 1, 'accept-ranges': 'bytes', etag,
    ...contentDigest(digest),
  }
  const body = size === 0 ? '' : () => repository.open(digest, start, end)
  if (!range) return { status: 200, headers, body }
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${start}-${end}/${size}` }, body }
}

export function deleteBlob({ repository, last }: Call): Answer {
  const digest = checkDigest(last)
  if (repository.blob(digest) === undefined) throw new ApiError('BLOB_UNKNOWN', { digest })
  repository.unlink(digest)
  return { status: 202 }
}
