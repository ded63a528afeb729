// The visible checks of layout.ts. The answer's steps write files, and these are followed from digest to digest.
import { createHash, randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise } from '@pocker/grader'
import type { Json } from '@pocker/syscalls'
import { files, type Files, type Parts } from './stage.ts'

export const TYPE = 'application/vnd.oci.image'
export const digestOf = (bytes: string | Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blobOf = (digest: string): string => `blobs/sha256/${digest.replace('sha256:', '')}`

/** @param more characters that each layer ends with */
export const parts = ({ token }: Context, more = ''): Parts => ({
  layers: Array.from({ length: randomInt(2, 4) }, () => `${token(randomInt(8, 60))}${more}\n`),
  config: { created: '2024-01-01T00:00:00Z', architecture: 'amd64', os: 'linux', config: { Cmd: [token() + more] } },
  name: `${token()}/${token()}:${token(4)}`,
})

/** What a stranger's JSON has at a place; undefined where there is no such place. */
export const at = (value: unknown, ...keys: readonly (string | number)[]): unknown => keys.reduce(within, value)
const within = (value: unknown, key: string | number): unknown =>
  (typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined)
export const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value) ?? 'nothing')
const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** @throws {Failure} unless there is such a file, of JSON */
function parsed(all: Files, path: string): unknown {
  const bytes = all.get(path)
  if (!bytes) throw new Failure(`expected a file ${path}, got none`, { seen: [...all.keys()].join(' ') || 'no file' })
  try {
    return JSON.parse(bytes.toString())
  } catch {
    throw new Failure(`${path}: expected JSON, got ${JSON.stringify(bytes.toString('utf8', 0, 80))}`)
  }
}

/** From the index on, by digests alone. @throws {Failure} where a blob is missing */
export function followed(all: Files): { descriptor: unknown; manifest: unknown; config: unknown; layers: readonly unknown[] } {
  const descriptor = at(parsed(all, 'index.json'), 'manifests', 0)
  const manifest = parsed(all, blobOf(text(at(descriptor, 'digest'))))
  const config = parsed(all, blobOf(text(at(manifest, 'config', 'digest'))))
  return { descriptor, manifest, config, layers: listed(at(manifest, 'layers')) }
}

/** @throws {Failure} unless a descriptor says what is there */
function describes(what: string, descriptor: unknown, mediaType: string, bytes: string | Uint8Array): void {
  const expected = { mediaType: `${TYPE}.${mediaType}`, digest: digestOf(bytes), size: Buffer.byteLength(bytes) }
  for (const [field, value] of Object.entries(expected)) {
    const seen = text(at(descriptor, field))
    same(seen, String(value), `${what}: expected the ${field} ${value}, got ${seen}`)
  }
}

/** The blob that a descriptor leads to. */
export const blobIn = (all: Files, descriptor: unknown): Buffer =>
  all.get(blobOf(text(at(descriptor, 'digest')))) ?? Buffer.alloc(0)

const blobs = check({
  id: 'blobs',
  title: 'each blob lies under the digest of its bytes, each layer is there, and nothing else is',
  points: 2,
  hint: 'the name is the hash of what the file holds in the end, in 64 digits',
  lesson: 'try-it',
}, async (context) => {
  const asked = parts(context)
  const all = await files(context, asked)
  for (const [path, bytes] of all) {
    if (path === 'index.json' || path === 'oci-layout') continue
    const expected = blobOf(digestOf(bytes))
    same(path, expected, `expected ${expected}, for that is the digest of its bytes, got ${path}`)
  }
  for (const [i, layer] of asked.layers.entries()) {
    const path = blobOf(digestOf(layer))
    if (!all.has(path)) throw new Failure(`layer ${i}: expected a file ${path}, got none`, { seen: [...all.keys()].join(' ') })
  }
})

const manifest = check({
  id: 'manifest',
  title: 'the index leads to the manifest, and the manifest to the config and to the layers, from the lowest up',
  points: 2,
  hint: 'a descriptor is three things: media type, digest, size. Compare yours with those in the lesson',
  lesson: 'try-it',
}, async (context) => {
  const asked = parts(context)
  const all = await files(context, asked)
  const { descriptor, manifest, layers } = followed(all)
  const config = at(manifest, 'config')
  describes('the manifest in index.json', descriptor, 'manifest.v1+json', blobIn(all, descriptor))
  describes('the config in the manifest', config, 'config.v1+json', blobIn(all, config))
  const [many, seen] = [asked.layers.length, layers.length]
  same(String(seen), String(many), `the manifest: expected ${many} layers, got ${seen}`)
  for (const [i, layer] of asked.layers.entries()) describes(`layer ${i} in the manifest`, layers[i], 'layer.v1.tar', layer)
  const version = text(at(manifest, 'schemaVersion'))
  same(version, '2', `the manifest: expected schemaVersion 2, got ${version}`)
})

const config = check({
  id: 'config',
  title: 'the config is what it was, and has the diff IDs of the layers',
  points: 1,
  hint: 'rootfs has two fields: a type, and a list of digests of what is not compressed',
  lesson: 'try-it',
}, async (context) => {
  const asked = parts(context)
  const seen = followed(await files(context, asked)).config
  const rootfs = { type: 'layers', diff_ids: asked.layers.map((layer) => digestOf(layer)) }
  for (const [field, value] of Object.entries<Json>({ ...asked.config, rootfs })) {
    const got = sorted(at(seen, field))
    same(got, sorted(value), `the config: expected ${field} ${sorted(value)}, got ${got}`)
  }
})

/** The order of names in JSON means nothing. */
const sorted = (value: unknown): string => JSON.stringify(value, (_, item: unknown) =>
  (typeof item === 'object' && item !== null && !Array.isArray(item)
    ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item)) ?? 'nothing'

const name = check({
  id: 'name',
  title: 'the index knows the image by its name, and oci-layout says what the directory is',
  points: 1,
  hint: 'the name is an annotation of the descriptor, not of the index',
  lesson: 'try-it',
}, async (context) => {
  const asked = parts(context)
  const all = await files(context, asked)
  const seen = text(at(parsed(all, 'index.json'), 'manifests', 0, 'annotations', 'org.opencontainers.image.ref.name'))
  same(seen, asked.name, `org.opencontainers.image.ref.name: expected ${asked.name}, got ${seen}`)
  const version = text(at(parsed(all, 'oci-layout'), 'imageLayoutVersion'))
  same(version, '1.0.0', `oci-layout: expected imageLayoutVersion 1.0.0, got ${version}`)
})

export const exercise: Exercise = {
  id: '15-images/layout', title: 'An image in files', points: 10, checks: [blobs, manifest, config, name],
}
