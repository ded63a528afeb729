// What a manifest that is pushed has to be.
//
//   examine(bytes, contentType)   → { noted, blobs, manifests, foreign }; throws MANIFEST_INVALID
//
// Invariant: nothing in it is followed but digests that have been checked.
// @see OCI image spec, manifest.md, image-index.md; Docker image manifest V2, schema 2
import { digestOf, isDigest, type Digest } from '@pocker/layers'
import { ApiError } from './answer.ts'
import type { Noted } from './storage.ts'

export const MANIFEST_MAX = 4 * 1024 * 1024

const OCI = 'application/vnd.oci.image'
const DOCKER = 'application/vnd.docker.distribution.manifest'
const MANIFESTS: readonly string[] = [`${OCI}.manifest.v1+json`, `${DOCKER}.v2+json`]
const INDEXES: readonly string[] = [`${OCI}.index.v1+json`, `${DOCKER}.list.v2+json`]

export interface Examined {
  readonly noted: Noted
  /** What must be in the repository. */
  readonly blobs: readonly Digest[]
  readonly manifests: readonly Digest[]
  /** What may be there: it can be had elsewhere. */
  readonly foreign: readonly Digest[]
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const invalid = (detail: string): ApiError => new ApiError('MANIFEST_INVALID', detail)

export function examine(bytes: Buffer, contentType: string | undefined): Examined {
  const manifest = parse(bytes)
  const mediaType = contentType?.split(';')[0]?.trim() || String(manifest['mediaType'])
  const kind = MANIFESTS.includes(mediaType) ? 'manifest' : INDEXES.includes(mediaType) ? 'index' : undefined
  if (!kind) {
    throw invalid(`expected one of ${[...MANIFESTS, ...INDEXES].join(', ')}, got ${JSON.stringify(mediaType.slice(0, 200))}`)
  }
  if (manifest['schemaVersion'] !== 2) throw invalid('expected schemaVersion 2')
  if ((manifest['mediaType'] ?? mediaType) !== mediaType) throw invalid('mediaType and Content-Type differ')
  const other = (kind === 'index' ? ['config', 'layers'] : ['manifests']).find((field) => (manifest[field] ?? null) !== null)
  if (other !== undefined) throw invalid(`${other}: expected none in this kind`) // two things to two readers: CVE-2021-41190
  const subject = manifest['subject'] === undefined ? undefined : digestIn('subject', manifest['subject'])
  const noted = { mediaType, digest: digestOf(bytes), size: bytes.length, ...(subject && { subject }), ...described(manifest) }
  if (kind === 'index') {
    return { noted, blobs: [], manifests: list(manifest, 'manifests').map((entry) => digestIn('manifests', entry)), foreign: [] }
  }
  const digests = (layers: readonly unknown[]): Digest[] => layers.map((layer) => digestIn('layers', layer))
  const layers = list(manifest, 'layers')
  const blobs = [digestIn('config', manifest['config']), ...digests(layers.filter((layer) => !isForeign(layer)))]
  return { noted, blobs, manifests: [], foreign: digests(layers.filter(isForeign)) }
}

function parse(bytes: Buffer): Json {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    if (isObject(value)) return value
  } catch { /* said below */ }
  throw invalid('expected a JSON object')
}

function list(manifest: Json, field: string): readonly unknown[] {
  const value = manifest[field]
  if (value === null) return [] // Go's empty list
  if (Array.isArray(value)) return value
  throw invalid(`${field}: expected a list`)
}

function digestIn(field: string, descriptor: unknown): Digest {
  const digest = isObject(descriptor) ? descriptor['digest'] : undefined
  if (isDigest(digest)) return digest
  throw invalid(`${field}: expected a descriptor with a sha256 digest`)
}

/** @see OCI image spec, descriptor.md, `urls` */
const isForeign = (layer: unknown): boolean => isObject(layer) && Array.isArray(layer['urls']) && layer['urls'].length > 0

/** What a list of referrers says of it. */
function described(manifest: Json): Pick<Noted, 'artifactType' | 'annotations'> {
  const { artifactType = isObject(manifest['config']) ? manifest['config']['mediaType'] : undefined, annotations } = manifest
  return {
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(isObject(annotations) && { annotations: annotations as Record<string, string> }),
  }
}
