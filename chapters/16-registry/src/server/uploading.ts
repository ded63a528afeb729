// How a blob comes in: mounted from another repository, in one request, or in chunks.
//
//   POST /v2/NAME/blobs/uploads/[?mount=DIGEST&from=NAME | ?digest=DIGEST]
//   GET, PATCH, PUT ?digest=DIGEST, DELETE /v2/NAME/blobs/uploads/ID
//
// @see OCI distribution spec, "Pushing Blobs"
import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { Digest } from '@pocker/layers'
import { formatUploaded, parseChunk } from '../http/range.ts'
import { ApiError, type Answer } from './answer.ts'
import { contentDigest, type Call } from './call.ts'
import { checkDigest, checkRepository, checkUpload } from './names.ts'
import type { Repository } from './storage.ts'
import type { Upload } from './uploads.ts'

export async function startUpload(call: Call): Promise<Answer> {
  const { repository, query, storage, uploads, request } = call
  const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')]
  if (mount !== null && from !== null && storage.repository(checkRepository(from)).blob(checkDigest(mount)) !== undefined) {
    repository.link(checkDigest(mount))
    return stored(repository, checkDigest(mount))
  }
  const wanted = digest === null ? undefined : checkDigest(digest)
  const upload = uploads.create(repository)
  if (!wanted) return progress(call, upload, 202)
  try {
    await upload.append(request, { start: 0, length: lengthOf(request) })
    await upload.finish(wanted)
  } finally {
    uploads.close(upload)
  }
  return stored(repository, wanted)
}

const found = ({ uploads, repository, last }: Call): Upload => uploads.open(repository, checkUpload(last))
export const uploadStatus = (call: Call): Answer => progress(call, found(call), 204)

export async function patchUpload(call: Call): Promise<Answer> {
  const upload = found(call)
  await append(call, upload)
  return progress(call, upload, 202)
}

export async function putUpload(call: Call): Promise<Answer> {
  const { request, repository, query, uploads } = call
  const [digest, upload] = [checkDigest(query.get('digest')), found(call)]
  const hasBody = request.headers['transfer-encoding'] !== undefined || (lengthOf(request) ?? 0) > 0
  if (hasBody) await append(call, upload)
  await upload.finish(digest).finally(() => { if (upload.isGone) uploads.close(upload) })
  return stored(repository, digest)
}

async function append({ request, repository }: Call, upload: Upload): Promise<void> {
  const header = request.headers['content-range']
  const chunk = header === undefined ? undefined : parseChunk(header)
  const length = lengthOf(request)
  const isWrong = header !== undefined && (!chunk || (length !== undefined && chunk.end - chunk.start + 1 !== length))
  const location = uploadLocation(repository, upload)
  if (isWrong) throw new ApiError('RANGE_INVALID', { got: header }, { location, range: formatUploaded(upload.size) })
  try {
    await upload.append(request, { start: chunk?.start, length: length ?? (chunk && chunk.end - chunk.start + 1) })
  } catch (error) {
    if (!(error instanceof ApiError && error.answer.status === 416)) throw error
    throw new ApiError('RANGE_INVALID', { expected: upload.size }, { location, range: formatUploaded(upload.size) })
  }
}

export async function deleteUpload(call: Call): Promise<Answer> {
  call.uploads.close(found(call))
  await finished(call.request.resume()).catch(() => {})
  return { status: 204 }
}

function lengthOf(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

const uploadLocation = (repository: Repository, upload: Upload): string => `/v2/${repository.name}/blobs/uploads/${upload.id}`
const progress = ({ repository }: Call, upload: Upload, status: number): Answer => ({
  status, headers: {
    location: uploadLocation(repository, upload), range: formatUploaded(upload.size), 'docker-upload-uuid': upload.id,
  },
})
const stored = (repository: Repository, digest: Digest): Answer =>
  ({ status: 201, headers: { location: `/v2/${repository.name}/blobs/${digest}`, ...contentDigest(digest) } })
