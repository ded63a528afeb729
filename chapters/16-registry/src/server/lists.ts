// What is there: repositories, tags, and what refers to a manifest (signatures, bills of materials).
//
//   GET /v2/_catalog?n=100     GET /v2/NAME/tags/list?n=100&last=v1     GET /v2/NAME/referrers/DIGEST?artifactType=…
//
// @see OCI distribution spec, "Content Discovery"; RFC 8288 for the Link to the next page
import { ApiError, json, type Answer } from './answer.ts'
import type { Call } from './call.ts'
import { checkDigest } from './names.ts'

export function catalog({ storage, query }: Call): Answer {
  const names = storage.repositories().filter((repository) => repository.manifests().length > 0).map(({ name }) => name)
  const { page, headers } = paged(names, '/v2/_catalog', query)
  return json({ repositories: page }, headers)
}

export function listTags({ repository, query }: Call): Answer {
  if (!repository.exists()) throw new ApiError('NAME_UNKNOWN', { name: repository.name })
  const { page, headers } = paged(repository.tags(), `/v2/${repository.name}/tags/list`, query)
  return json({ name: repository.name, tags: page }, headers)
}

/** `n` of them, those behind `last`. */
function paged(all: readonly string[], path: string, query: URLSearchParams): { page: string[]; headers: Record<string, string> } {
  const [n, last] = [query.get('n'), query.get('last')]
  if (n !== null && !/^\d{1,9}$/.test(n)) {
    throw new ApiError('PAGINATION_NUMBER_INVALID', { expected: 'a number', got: n.slice(0, 100) })
  }
  const rest = last === null ? all : all.filter((name) => name > last)
  const page = rest.slice(0, n === null ? rest.length : Number(n))
  const isMore = page.length > 0 && page.length < rest.length
  return { page, headers: isMore ? { link: `<${path}?n=${n}&last=${encodeURIComponent(page.at(-1) ?? '')}>; rel="next"` } : {} }
}

export function listReferrers({ repository, query, last }: Call): Answer {
  const [subject, type] = [checkDigest(last), query.get('artifactType')]
  const manifests = repository.manifests().flatMap((digest) => repository.noted(digest) ?? [])
    .filter((noted) => noted.subject === subject && (type === null || noted.artifactType === type))
    .map(({ mediaType, digest, size, artifactType, annotations }) => ({ mediaType, digest, size, artifactType, annotations }))
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const filtered = type === null ? {} : { 'oci-filters-applied': 'artifactType' }
  return json({ schemaVersion: 2, mediaType, manifests }, { 'content-type': mediaType, ...filtered })
}
