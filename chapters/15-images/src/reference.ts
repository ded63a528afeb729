// What people call an image.
//
//   parseReference('busybox')                  → { domain: 'docker.io', path: 'library/busybox', tag: 'latest' }
//   canonical(reference)                       → 'docker.io/library/busybox:latest'
//   familiar(reference)                        → 'busybox:latest'
//
// Invariant: parseReference(canonical(r)) and parseReference(familiar(r)) are r. What a name may consist of can be part of a
// path, a header or a line of text without harm.
// @see distribution/reference, the grammar; OCI distribution spec, "Pulling manifests"
import { isDigest, type Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'

export interface Reference {
  /** A registry, with its port if it has one of its own: `docker.io`, `localhost:5000`. */
  readonly domain: string
  /** `library/busybox` */
  readonly path: string
  readonly tag?: string
  readonly digest?: Digest
}

export const DEFAULT_DOMAIN = 'docker.io'
const OFFICIAL = 'library/'
const DEFAULT_TAG = 'latest'
const NAME_MAX = 255

// region grammar
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`)
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^\w[\w.-]{0,127}$/
// endregion

/**
 * @param text `[domain[:port]/]path[:tag][@digest]`; a missing domain is Docker's, a missing tag `latest` unless there is a digest
 * @throws {SpecError}
 */
export function parseReference(text: string): Reference {
  const [named, digest, ...more] = text.split('@')
  if (more.length > 0) throw wrong('at most one @', text)
  if (digest !== undefined && !isDigest(digest)) throw wrong('sha256: and 64 hexadecimal digits behind the @', text)
  const colon = (named ?? '').indexOf(':', (named ?? '').lastIndexOf('/') + 1)
  const [name, tag] = colon < 0 ? [named ?? '', undefined] : [(named ?? '').slice(0, colon), (named ?? '').slice(colon + 1)]
  const tagged = tag === undefined ? {} : { tag: checkTag(tag, text) }
  const reference: Reference = { ...placed(name, text), ...tagged, ...(isDigest(digest) && { digest }) }
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: DEFAULT_TAG } : reference
}

/** The part before the first slash is a registry if it looks like one: a dot, a port, an upper case letter, or `localhost`. */
function placed(name: string, text: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isDomain = /[.:A-Z[]/.test(first) || first === 'localhost'
  const domain = isDomain ? first.replace(/^index\.docker\.io$/, DEFAULT_DOMAIN) : DEFAULT_DOMAIN
  const rest = isDomain ? name.slice(slash + 1) : name
  if (!DOMAIN.test(domain)) throw wrong('a registry such as localhost:5000', text)
  if (domain === DEFAULT_DOMAIN && isDigest(`sha256:${rest}`)) throw wrong('a name, which 64 hexadecimal digits are not', text)
  const path = domain === DEFAULT_DOMAIN && !rest.includes('/') ? OFFICIAL + checkPath(rest, text) : checkPath(rest, text)
  const length = domain.length + 1 + path.length
  if (length > NAME_MAX) throw wrong(`a name of at most ${NAME_MAX} characters`, text)
  return { domain, path }
}

function checkPath(path: string, text: string): string {
  if (path.split('/').every((part) => COMPONENT.test(part))) return path
  if (path === '') throw wrong('a name such as busybox:latest', text)
  if (path.toLowerCase().split('/').every((part) => COMPONENT.test(part))) throw wrong('a repository in lower case', text)
  throw wrong('a repository of lower case letters and digits, single . _ or - between them', text)
}

function checkTag(tag: string, text: string): string {
  if (TAG.test(tag)) return tag
  throw wrong('a tag of at most 128 letters, digits, _ . and -, the first no . or -', text)
}

/** Of a long one, the beginning. */
const wrong = (expected: string, text: string): SpecError =>
  new SpecError(`reference: expected ${expected}, got ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)}`)

/** Whole, without tag and digest: `docker.io/library/busybox`. */
export const canonicalName = ({ domain, path }: Reference): string => `${domain}/${path}`

export const canonical = (reference: Reference): string => canonicalName(reference) + suffix(reference)

/** As Docker shows it: its own registry, and the library of official images, go without saying. */
export function familiarName(reference: Reference): string {
  const { domain, path } = reference
  if (domain !== DEFAULT_DOMAIN) return canonicalName(reference)
  const short = /^library\/[^/]+$/.test(path) ? path.slice(OFFICIAL.length) : path
  return short.startsWith('localhost/') ? canonicalName(reference) : short
}

export const familiar = (reference: Reference): string => familiarName(reference) + suffix(reference)

const suffix = ({ tag, digest }: Reference): string =>
  (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`)
