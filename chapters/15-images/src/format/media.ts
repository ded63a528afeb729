// Media types: what a blob claims to be, in the words of the OCI and in Docker's older ones.
//
//   kindOf('application/vnd.oci.image.manifest.v1+json')   → 'manifest'
//
// @see OCI image spec, media-types.md, "Compatibility Matrix"
import { SpecError } from '@pocker/syscalls'

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

export type Kind = 'manifest' | 'index' | 'config' | 'layer'

// region kinds
const KINDS: Readonly<Record<string, Kind>> = {
  [OCI_MANIFEST]: 'manifest', [DOCKER_MANIFEST]: 'manifest',
  [OCI_INDEX]: 'index', [DOCKER_INDEX]: 'index',
  [OCI_CONFIG]: 'config', [DOCKER_CONFIG]: 'config',
  [OCI_LAYER]: 'layer', [`${OCI_LAYER}+gzip`]: 'layer', [`${OCI_LAYER}+zstd`]: 'layer',
  [DOCKER_LAYER]: 'layer', [`${DOCKER_LAYER}.gzip`]: 'layer', [`${DOCKER_LAYER}.zstd`]: 'layer',
}

/** What was once common, and why we do not take it. */
const OLD = 'a manifest of schema 1, which has no digests of content; push it again with a newer tool'
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^application\/vnd\.docker\.distribution\.manifest\.v1\+/, OLD], [/^application\/json$/, OLD],
  [/foreign|nondistributable/, 'a foreign layer, which is fetched from elsewhere; only Windows images have those'],
]
// endregion

/** What a client says that it takes, the best first. */
export const MANIFEST_TYPES: readonly string[] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX]

/** @throws {SpecError} for a type that is none of an image, saying what it is */
export function kindOf(mediaType: string, what = 'media type'): Kind {
  const kind = Object.hasOwn(KINDS, mediaType) ? KINDS[mediaType] : undefined
  if (kind) return kind
  const [, why] = REFUSED.find(([pattern]) => pattern.test(mediaType)) ?? [undefined, JSON.stringify(mediaType.slice(0, 120))]
  throw new SpecError(`${what}: expected the parts of an image, got ${why}`)
}

/** @throws {SpecError} if it is of another kind, or of none */
export function expectKind(what: string, kind: Kind, mediaType: string): void {
  const got = kindOf(mediaType, what)
  if (got === kind) return
  throw new SpecError(`${what}: expected the type of ${article(kind)}, got ${JSON.stringify(mediaType)}, that of ${article(got)}`)
}

const article = (kind: Kind): string => (kind === 'index' ? `an ${kind}` : `a ${kind}`)
