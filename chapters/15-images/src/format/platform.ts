// For which machine an image is, and which of several fits.
//
//   pickPlatform(index, { os: 'linux', architecture: 'arm64' })   → the descriptor of its manifest
//   parsePlatform('linux/arm/v7')                                   → { os: 'linux', architecture: 'arm', variant: 'v7' }
//
// Invariant: what is picked can run on the machine that was asked for. @see OCI image spec, image-index.md, "platform"; Go's GOARCH
import { SpecError } from '@pocker/syscalls'
import type { Descriptor, Index, Platform } from './manifest.ts'

/** Node's names, and uname's, for what Go calls otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64', x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64', ia32: '386', i386: '386', armhf: 'arm', ppc64el: 'ppc64le',
}
const nameOf = (architecture: string): string =>
  (Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] ?? '' : architecture)

/** This machine. */
export const hostPlatform = (): Platform => ({ os: 'linux', architecture: nameOf(process.arch) })

/** @param text `linux/arm64`, `linux/arm/v7`, or an architecture alone. @throws {SpecError} */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/')
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) {
    throw new SpecError(`platform: expected such as linux/amd64 or linux/arm/v7, got ${JSON.stringify(text.slice(0, 80))}`)
  }
  const [os = '', architecture, variant] = parts.length === 1 ? ['linux', ...parts] : parts
  return { os, architecture: nameOf(architecture ?? ''), ...(variant !== undefined && { variant: variant.replace(/^\d/, 'v$&') }) }
}

export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant ? [variant] : [])].join('/')

// region variants
/** Of those processors that come in versions, the newest first; and which of them goes without saying. */
const VERSIONS = new Map([
  ['amd64', { all: ['v4', 'v3', 'v2', 'v1'], usual: 'v1' }], ['arm', { all: ['v8', 'v7', 'v6', 'v5'], usual: 'v7' }],
  ['arm64', { all: ['v9', 'v8'], usual: 'v8' }],
])
const variantOf = ({ architecture, variant }: Platform): string => variant || (VERSIONS.get(architecture)?.usual ?? '')

/** What runs on `wanted`, the best first: a processor runs what was made for those before it. */
function variantsOf(wanted: Platform): readonly string[] {
  const { all = [] } = VERSIONS.get(wanted.architecture) ?? {}
  const own = variantOf(wanted)
  return all.includes(own) ? all.slice(all.indexOf(own)) : [own]
}

/** Lower is better; -1 if it cannot run there. */
function rank(wanted: Platform, got: Platform): number {
  if (got.os !== wanted.os || got.architecture !== wanted.architecture) return -1
  return variantsOf(wanted).indexOf(variantOf(got))
}
// endregion

/** What does not say for which machine it is may be for this one; but what says so is better. */
const UNTOLD = 1000

/** @throws {SpecError} naming what there is instead */
export function pickPlatform(index: Index, wanted: Platform = hostPlatform()): Descriptor {
  const images = index.manifests.filter(isImage)
  const ranked = images.map((manifest) => ({ manifest, rank: manifest.platform ? rank(wanted, manifest.platform) : UNTOLD }))
  const [best] = ranked.filter(({ rank }) => rank >= 0).toSorted((a, b) => a.rank - b.rank)
  if (best) return best.manifest
  throw noPlatform(wanted, images.flatMap(({ platform }) => platform ?? []))
}

/** @throws {SpecError} if an image for `got` cannot run there */
export function checkPlatform(wanted: Platform, got: Platform): void {
  if (rank(wanted, got) < 0) throw noPlatform(wanted, [got])
}

function noPlatform(wanted: Platform, there: readonly Platform[]): SpecError {
  const names = [...new Set(there.map(formatPlatform))].toSorted().slice(0, 20).map((name) => JSON.stringify(name).slice(1, -1))
  const got = names.length > 0 ? `one for ${names.join(', ')}; try: --platform ${names[0]}` : 'none'
  return new SpecError(`platform: expected an image for ${formatPlatform(wanted)}, got ${got}`)
}

/** Builders put attestations beside images, for a platform that is none. */
const isImage = ({ platform }: Descriptor): boolean => platform?.os !== 'unknown'
