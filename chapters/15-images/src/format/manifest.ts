// Manifests and indexes: what an image consists of, by digest.
//
//   readManifest(bytes, mediaType)   → { mediaType, config: Descriptor, layers: Descriptor[] }
//   readIndex(bytes, mediaType)      → { mediaType, manifests: Descriptor[] }
//   writeManifest(config, layers)    → the bytes of one
//
// OCI's and Docker's schema 2 differ in the names of types only.
// Invariant: of a manifest that was read, each type is known, each digest is one, and it is of bearable length.
// @see OCI image spec, manifest.md, image-index.md, descriptor.md; Docker's "Image Manifest Version 2, Schema 2"
import { isDigest, type Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import * as v from 'valibot'
import { readJson } from './json.ts'
import { expectKind, kindOf, OCI_CONFIG, OCI_MANIFEST } from './media.ts'

export interface Platform {
  readonly os: string
  readonly architecture: string
  /** `v7`, of `arm`. */
  readonly variant?: string | undefined
}

/** A blob: what it is, its name, and its length. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly platform?: Platform | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly artifactType?: string | undefined
  /** Elsewhere it can be fetched, too. */
  readonly urls?: readonly string[] | undefined
}

export interface Manifest {
  readonly mediaType: string
  readonly config: Descriptor
  /** The lowest first. */
  readonly layers: readonly Descriptor[]
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

export interface Index {
  readonly mediaType: string
  readonly manifests: readonly Descriptor[]
}

/** Bytes, and layers. Docker and containerd have the same limit of 4 MiB for a manifest. */
export const [MANIFEST_MAX, LAYERS_MAX] = [4 * 1024 * 1024, 500]

// region schemas
const digest = v.custom<Digest>(isDigest, 'sha256: and 64 hexadecimal digits')
const size = v.pipe(v.number('a number of bytes'), v.safeInteger('a whole number of bytes'), v.minValue(0, 'a number of bytes'))
const annotations = v.optional(v.record(v.string(), v.string()))
const platform = v.object({ os: v.string(), architecture: v.string(), variant: v.optional(v.string()) })

const descriptor = v.object({
  mediaType: v.string(), digest, size, platform: v.optional(platform), annotations,
  artifactType: v.optional(v.string()), urls: v.optional(v.nullable(v.array(v.string()))),
})
const version = v.literal(2, '2')
/** Otherwise the same bytes could be two things to two readers. @see CVE-2021-41190 */
const notOf = (other: string) => v.nullish(v.custom<never>(() => false, `nothing, as that is of ${other}`))
const manifestSchema = v.object({
  schemaVersion: version, mediaType: v.optional(v.string()), config: descriptor, layers: v.nullable(v.array(descriptor)),
  annotations, manifests: notOf('an index'),
})
const indexSchema = v.object({
  schemaVersion: version, mediaType: v.optional(v.string()), manifests: v.nullable(v.array(descriptor)), annotations,
  config: notOf('a manifest'), layers: notOf('a manifest'),
})
// endregion

type Schema<T> = v.GenericSchema<unknown, T>

/** @throws {SpecError} */
export function readManifest(bytes: Uint8Array, mediaType: string): Manifest {
  expectKind('manifest', 'manifest', mediaType)
  const { mediaType: own, config, annotations, ...listed } = readOne('manifest', bytes, manifestSchema as Schema<Raw & Manifest>)
  const layers = listed.layers ?? []
  agree('manifest', own, mediaType)
  expectKind('manifest: config', 'config', config.mediaType)
  if (layers.length > LAYERS_MAX) throw new SpecError(`manifest: expected at most ${LAYERS_MAX} layers, got ${layers.length}`)
  for (const [i, layer] of layers.entries()) {
    expectKind(`manifest: layers[${i}]`, 'layer', layer.urls?.length ? 'foreign' : layer.mediaType)
  }
  return { mediaType, config, layers, annotations }
}

/** @param most bytes, if it is not a stranger's. @throws {SpecError} */
export function readIndex(bytes: Uint8Array, mediaType: string, most = MANIFEST_MAX): Index {
  expectKind('index', 'index', mediaType)
  const { mediaType: own, manifests } = readOne('index', bytes, indexSchema as Schema<Raw & Index>, most)
  agree('index', own, mediaType)
  return { mediaType, manifests: manifests ?? [] }
}

/** @returns whether what has this type is an index, and not a manifest. @throws {SpecError} if it is neither */
export function isIndex(mediaType: string): boolean {
  const kind = kindOf(mediaType, 'manifest')
  if (kind === 'index') return true
  expectKind('manifest', 'manifest', mediaType)
  return false
}

interface Raw { readonly mediaType?: string; readonly schemaVersion?: unknown }

function readOne<T>(what: string, bytes: Uint8Array, schema: Schema<T>, most = MANIFEST_MAX): T {
  const size = bytes.byteLength
  if (size > most) throw new SpecError(`${what}: expected at most ${most} bytes, got ${size}`)
  return readJson(what, bytes, schema)
}

/** For the same reason, where it says what it is. */
function agree(what: string, own: string | undefined, told: string): void {
  if (own === undefined || own === told) return
  throw new SpecError(`${what}: expected the type ${JSON.stringify(told)}, got ${JSON.stringify(own)} within`)
}

/** The same bytes for the same parts. */
export const writeManifest = (config: { digest: Digest; size: number }, layers: readonly Descriptor[]): Buffer =>
  Buffer.from(JSON.stringify({
    schemaVersion: 2, mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  }))
