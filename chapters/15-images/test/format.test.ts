// Manifests and configs that lie: one line each, and nothing in the store.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '@pocker/layers'
import {
  checkPlatform, isIndex, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, parsePlatform, pickPlatform, readConfig, readIndex, readManifest, writeConfig,
  type Index,
} from '@pocker/images'

const [DIGEST, MORE] = [digestOf(''), digestOf('more')]
const LAYER = { mediaType: `${OCI_LAYER}+gzip`, digest: DIGEST, size: 10 }
const CONFIG = { mediaType: OCI_CONFIG, digest: DIGEST, size: 10 }
const manifest = (more: object = {}): Buffer => Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER], ...more }))
const said = (body: () => unknown): string => {
  try {
    body()
    return 'no error'
  } catch (error) {
    assert.is((error as Error).name, 'SpecError')
    assert.not.match((error as Error).message, /[\n\0]/)
    return (error as Error).message
  }
}

const MANIFESTS: readonly (readonly [what: string, bytes: Buffer | string, mediaType: string, message: string])[] = [
  ['no JSON', '<html>', OCI_MANIFEST, 'manifest: expected JSON, got "<html>"'],
  ['a list', '[]', OCI_MANIFEST, 'manifest: schemaVersion: expected a value, got nothing'],
  ['null', 'null', OCI_MANIFEST, 'manifest: expected an object, got null'],
  ['schema 1', '{"schemaVersion": 1}', 'application/vnd.docker.distribution.manifest.v1+prettyjws', 'manifest: expected the parts of an image, got a manifest of schema 1, which has no digests of content; push it again with a newer tool'],
  ['a type that nobody knows', manifest(), 'text/html', 'manifest: expected the parts of an image, got "text/html"'],
  ['a type that is one of Object', manifest(), 'constructor', 'manifest: expected the parts of an image, got "constructor"'],
  ['an index in place of a manifest', manifest(), OCI_INDEX, `manifest: expected the type of a manifest, got "${OCI_INDEX}", that of an index`],
  ['two types', manifest({ mediaType: OCI_INDEX }), OCI_MANIFEST, `manifest: expected the type "${OCI_MANIFEST}", got "${OCI_INDEX}" within`],
  ['an index, too, which does not say what it is', manifest({ mediaType: undefined, manifests: [] }), OCI_MANIFEST, 'manifest: manifests: expected nothing, as that is of an index, got a list'],
  ['another version', manifest({ schemaVersion: 3 }), OCI_MANIFEST, 'manifest: schemaVersion: expected 2, got 3'],
  ['a digest that is none', manifest({ layers: [{ ...LAYER, digest: '../../etc' }] }), OCI_MANIFEST, 'manifest: layers[0].digest: expected sha256: and 64 hexadecimal digits, got "../../etc"'],
  ['a size below zero', manifest({ config: { ...CONFIG, size: -1 } }), OCI_MANIFEST, 'manifest: config.size: expected a number of bytes, got -1'],
  ['half a byte', manifest({ config: { ...CONFIG, size: 0.5 } }), OCI_MANIFEST, 'manifest: config.size: expected a whole number of bytes, got 0.5'],
  ['a foreign layer', manifest({ layers: [{ ...LAYER, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }] }), OCI_MANIFEST, 'manifest: layers[0]: expected the parts of an image, got a foreign layer, which is fetched from elsewhere; only Windows images have those'],
  ['a layer with addresses', manifest({ layers: [{ ...LAYER, urls: ['http://elsewhere/'] }] }), OCI_MANIFEST, 'manifest: layers[0]: expected the parts of an image, got a foreign layer, which is fetched from elsewhere; only Windows images have those'],
  ['no image, but a chart', manifest({ config: { ...CONFIG, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }), OCI_MANIFEST, 'manifest: config: expected the parts of an image, got "application/vnd.cncf.helm.config.v1+json"'],
  ['too many layers', manifest({ layers: Array.from({ length: 501 }, () => LAYER) }), OCI_MANIFEST, 'manifest: expected at most 500 layers, got 501'],
  ['too long', Buffer.alloc(5 * 1024 * 1024, ' '), OCI_MANIFEST, 'manifest: expected at most 4194304 bytes, got 5242880'],
  ['deep', '['.repeat(100_000), OCI_MANIFEST, `manifest: expected JSON, got "${'['.repeat(79)}…`],
]
for (const [what, bytes, mediaType, message] of MANIFESTS) {
  test(`a manifest: ${what}`, () => assert.is(said(() => readManifest(Buffer.from(bytes), mediaType)), message))
}

test('a manifest that is deep where nobody looks is read, and has no part of it', () => {
  const deep = manifest({ annotations: {} }).toString().replace('"annotations":{}', `"x":${'['.repeat(50_000)}${']'.repeat(50_000)}`)
  assert.equal(readManifest(Buffer.from(deep), OCI_MANIFEST).layers, [LAYER])
  const polluting = manifest().toString().replace('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},')
  readManifest(Buffer.from(polluting), OCI_MANIFEST)
  assert.is(({} as { polluted?: boolean }).polluted, undefined)
})

const config = (more: object = {}): Buffer => Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [DIGEST] }, ...more }))
const CONFIGS: readonly (readonly [what: string, bytes: Buffer | string, message: string])[] = [
  ['no JSON', 'x', 'config: expected JSON, got "x"'],
  ['no layers', config({ rootfs: undefined }), 'config: rootfs: expected a value, got nothing'],
  ['layers of another kind', config({ rootfs: { type: 'base', diff_ids: [] } }), 'config: rootfs.type: expected "layers", got "base"'],
  ['a diff_id that is none', config({ rootfs: { type: 'layers', diff_ids: ['sha256:x'] } }), 'config: rootfs.diff_ids[0]: expected sha256: and 64 hexadecimal digits, got "sha256:x"'],
  ['more steps than layers', config({ history: [{}, {}, { empty_layer: true }] }), 'config: history: expected at most 1 steps with a layer, got 2'],
  ['a word for a list', config({ config: { Cmd: 'sh' } }), 'config: config.Cmd: expected a list, got "sh"'],
  ['NUL in the environment', config({ config: { Env: ['A=\0'] } }), 'config: config.Env[0]: expected text without NUL, got "A=\\u0000"'],
  ['a time that is none', config({ created: 'yesterday\n' }), 'config: created: expected a time such as 2024-05-01T12:00:00Z, got "yesterday\\n"'],
  ['too long', Buffer.alloc(9 * 1024 * 1024, ' '), 'config: expected at most 8388608 bytes, got 9437184'],
]
for (const [what, bytes, message] of CONFIGS) {
  test(`a config: ${what}`, () => assert.is(said(() => readConfig(Buffer.from(bytes))), message))
}

test('what Go writes for nothing is nothing, and a config that is written is read again', () => {
  const read = readConfig(config({ config: { Cmd: null, Env: null, ExposedPorts: { '80/tcp': {} }, Unknown: 1 }, history: null, created: null }))
  assert.equal(read, { architecture: 'amd64', os: 'linux', config: { ExposedPorts: { '80/tcp': {} } }, rootfs: { type: 'layers', diff_ids: [DIGEST] } })
  assert.equal(readConfig(writeConfig(read)), { ...read, history: [] })
})

const index: Index = {
  mediaType: OCI_INDEX, manifests: [
    ['linux', 'amd64', undefined, 1], ['linux', 'arm', 'v6', 2], ['linux', 'arm', 'v7', 3], ['linux', 'arm64', 'v8', 4], ['unknown', 'unknown', undefined, 5], ['linux', 'arm', 'v5', 6],
  ].map(([os, architecture, variant, size]) => ({ mediaType: OCI_MANIFEST, digest: MORE, size: size as number, platform: { os: os as string, architecture: architecture as string, variant: variant as string | undefined } })),
}

for (const [wanted, size] of [['linux/amd64', 1], ['amd64', 1], ['x86_64', 1], ['linux/arm64', 4], ['aarch64', 4], ['linux/arm64/v8', 4], ['linux/arm', 3], ['linux/arm/v7', 3], ['linux/arm/v6', 2], ['linux/arm/v5', 6], ['linux/arm/v8', 3], ['linux/arm/7', 3], ['linux/arm64/8', 4], ['linux/amd64/v1', 1]] as const) {
  test(`of several, ${wanted} takes the ${size}.`, () => assert.is(pickPlatform(index, parsePlatform(wanted)).size, size))
}

test('a platform that is not there, and what there is', () => {
  assert.is(said(() => pickPlatform(index, parsePlatform('linux/s390x'))), 'platform: expected an image for linux/s390x, got one for linux/amd64, linux/arm/v5, linux/arm/v6, linux/arm/v7, linux/arm64/v8; try: --platform linux/amd64')
  assert.is(said(() => checkPlatform(parsePlatform('amd64'), { os: 'windows', architecture: 'amd64' })), 'platform: expected an image for linux/amd64, got one for windows/amd64; try: --platform windows/amd64')
  assert.is(said(() => pickPlatform({ ...index, manifests: [] }, parsePlatform('amd64'))), 'platform: expected an image for linux/amd64, got none')
  assert.match(said(() => pickPlatform(index, parsePlatform('linux/arm/v9'))), /^platform: expected an image for linux\/arm\/v9, got one for /)
  assert.is(said(() => parsePlatform('linux/amd64/v1/x')), 'platform: expected such as linux/amd64 or linux/arm/v7, got "linux/amd64/v1/x"')
})

test('an image without layers: Go writes null for an empty list', () => {
  assert.equal(readManifest(manifest({ layers: null }), OCI_MANIFEST).layers, [])
})

test('an index that is a manifest, too, is refused', () => {
  for (const [name, message] of [['layers', 'a list'], ['config', 'an object']] as const) {
    const both = { schemaVersion: 2, manifests: [], [name]: name === 'layers' ? [] : CONFIG }
    assert.is(said(() => readIndex(Buffer.from(JSON.stringify(both)), OCI_INDEX)), `index: ${name}: expected nothing, as that is of a manifest, got ${message}`)
  }
})

test('what does not say for which machine it is comes last', () => {
  const [first, second] = [{ mediaType: OCI_MANIFEST, digest: DIGEST, size: 1 }, { mediaType: OCI_MANIFEST, digest: MORE, size: 2, platform: { os: 'linux', architecture: 'amd64' } }]
  const picked = (architecture: string): number => pickPlatform({ mediaType: OCI_INDEX, manifests: [first, second] }, { os: 'linux', architecture }).size
  assert.equal([picked('amd64'), picked('riscv64')], [2, 1])
})

test('whether it is an index', () => {
  assert.equal([isIndex(OCI_INDEX), isIndex(OCI_MANIFEST)], [true, false])
  assert.match(said(() => isIndex(OCI_LAYER)), /^manifest: expected the type of a manifest/)
  assert.equal(readIndex(Buffer.from('{"schemaVersion":2,"manifests":null}'), OCI_INDEX).manifests, [])
})

test.run()
