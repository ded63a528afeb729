// The protocol, as a table: a path and a method, and what is done.
//
//   await respond(request, place)   → the answer; throws an ApiError
//
// Invariant: a name, a tag, a digest, an id is checked before anything is done with it.
// @see OCI distribution spec, "Endpoints"
import type { IncomingMessage } from 'node:http'
import { ApiError, json, type Answer } from './answer.ts'
import { deleteBlob, getBlob } from './blobs.ts'
import type { Handler, Place } from './call.ts'
import { catalog, listReferrers, listTags } from './lists.ts'
import { deleteManifest, getManifest, putManifest } from './manifests.ts'
import { checkRepository } from './names.ts'
import { deleteUpload, patchUpload, putUpload, startUpload, uploadStatus } from './uploading.ts'

type Methods = Readonly<Record<string, Handler>>

// region routes
const NAME = '/v2/(?<name>.+)'
const ROUTES: readonly (readonly [RegExp, Methods])[] = [
  [/^\/v2\/?$/, { GET: () => json({}) }],
  [/^\/v2\/_catalog$/, { GET: catalog }],
  [new RegExp(`^${NAME}/tags/list$`), { GET: listTags }],
  [new RegExp(`^${NAME}/referrers/(?<last>[^/]+)$`), { GET: listReferrers }],
  [new RegExp(`^${NAME}/manifests/(?<last>[^/]+)$`), { GET: getManifest, PUT: putManifest, DELETE: deleteManifest }],
  [new RegExp(`^${NAME}/blobs/uploads/?$`), { POST: startUpload }],
  [
    new RegExp(`^${NAME}/blobs/uploads/(?<last>[^/]+)$`),
    { GET: uploadStatus, PATCH: patchUpload, PUT: putUpload, DELETE: deleteUpload },
  ],
  [new RegExp(`^${NAME}/blobs/(?<last>[^/]+)$`), { GET: getBlob, DELETE: deleteBlob }],
]
// endregion

export async function respond(request: IncomingMessage, place: Place): Promise<Answer> {
  const { path, query } = split(request.url ?? '/')
  for (const [pattern, methods] of ROUTES) {
    const match = pattern.exec(path)
    if (!match) continue
    const handler = methods[request.method === 'HEAD' ? 'GET' : request.method ?? '']
    if (!handler) throw new ApiError('UNSUPPORTED', undefined, { allow: Object.keys(methods).join(', ') })
    const { name, last = '' } = match.groups ?? {}
    const repository = place.storage.repository(name === undefined ? '' : checkRepository(name))
    return await handler({ ...place, request, query, repository, last })
  }
  throw new ApiError('NOT_FOUND')
}

function split(url: string): { path: string; query: URLSearchParams } {
  const [path = '', ...rest] = url.split('?')
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(rest.join('?')) }
  } catch {
    throw new ApiError('NOT_FOUND')
  }
}
