// From our store to our registry and back.
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReference } from '@pocker/images'
import { digestOf } from '@pocker/layers'
import { pull, push, tagsAt, tagsOf, type Progress, type RegistryOptions } from '@pocker/registry'
import { expect, given, imageIn, OCI, parts, refused, registry, says, store, tidy, type Registry } from './given.ts'

const test = suite<{ server: Registry }>('transfer')
const nobody: RegistryOptions = { credentials: () => undefined, tries: 2, pause: 1 }
test.before(async (context) => { context.server = await registry() })
test.after(async ({ server }) => {
  await server.close()
  tidy()
})

test('what is pushed is pulled: the same digests, the same names, the layers unpacked', async ({ server }) => {
  const [here, there] = [store(), store()]
  const name = `${server.host}/team/app:1`
  const image = await imageIn(here, name, [100_000, 3, 500_000])
  const told: Progress[] = []
  const progress = (line: Progress): void => void told.push(line)
  const pushed = await push(here, parseReference(name), { ...nobody, progress })
  assert.equal(pushed, { digest: image.manifest.digest, size: image.manifest.size })
  assert.is(told.filter(({ status }) => status === 'Pushed').length, 3)
  assert.equal(here.find(name).repoDigests, [`${server.host}/team/app@${pushed.digest}`])

  told.length = 0
  const pulled = await pull(there, parseReference(name), { ...nobody, progress })
  assert.equal([pulled.image.id, pulled.digest, pulled.status], [image.id, image.manifest.digest, 'newer'])
  assert.equal([pulled.image.repoTags, pulled.image.repoDigests], [[name], [`${server.host}/team/app@${pushed.digest}`]])
  const largest = told.filter(({ id, total }) => total === Math.max(...told.map((line) => line.total ?? 0)) || told.every((line) => line.id !== id))
  assert.equal([largest[0]?.status, largest.at(-1)?.status, largest.at(-1)?.current], ['Downloading', 'Extracting', largest.at(-1)?.total])
  const complete = told.filter(({ status }) => status === 'Pull complete').map(({ id }) => id)
  const layers = (JSON.parse(there.blobs.read(pulled.digest).toString()) as { layers: { digest: string }[] }).layers
  assert.equal(complete, layers.map(({ digest }) => digest.slice(7, 19)), 'the lowest first')
  assert.equal([there.layers.list().length, await there.check()], [3, []])

  told.length = 0
  assert.is((await pull(there, parseReference(name), { ...nobody, progress })).status, 'current')
  assert.equal([...new Set(told.map(({ status }) => status))], ['Already exists'])
})

test('layers that another image has already brought are not asked for', async ({ server }) => {
  const [images, from] = [store(), server.log.length]
  const base = await parts([40_000, 50_000], { seed: 'base' })
  await given(server.url, 'base', '1', base)
  const more = await parts([40_000, 50_000, 60_000], { seed: 'base' })
  await given(server.url, 'base', '2', more)
  await pull(images, parseReference(`${server.host}/base:1`), nobody)
  await pull(images, parseReference(`${server.host}/base:2`), nobody)
  const asked = server.log.slice(from).filter(({ method, url }) => method === 'GET' && url.includes('/blobs/')).map(({ url }) => url.slice(-64))
  assert.equal(asked.toSorted(), [...base.layers, base.config, ...more.layers.slice(2), more.config].map(({ descriptor }) => descriptor.digest.slice(7)).toSorted())
})

test('a tag that moved is pulled anew; the image that had it stays, without it', async ({ server }) => {
  const images = store()
  const name = parseReference(`${server.host}/moving`)
  const [old, fresh] = [await parts([10], { seed: 'old' }), await parts([10], { seed: 'fresh' })]
  await given(server.url, 'moving', 'latest', old)
  const first = await pull(images, name, nobody)
  await given(server.url, 'moving', 'latest', fresh)
  const second = await pull(images, name, nobody)
  assert.equal([second.status, second.image.repoTags], ['newer', [`${server.host}/moving:latest`]])
  assert.equal(images.find(first.image.id).repoTags, [])
})

test('by digest: exactly that, under no name; another digest is not found', async ({ server }) => {
  const [images, image] = [store(), await parts([10], { seed: 'by digest' })]
  await given(server.url, 'exact', '1', image)
  const digest = digestOf(image.manifest)
  const pulled = await pull(images, parseReference(`${server.host}/exact@${digest}`), nobody)
  assert.equal([pulled.image.repoTags, pulled.image.repoDigests], [[], [`${server.host}/exact@${digest}`]])
  assert.is((await pull(images, parseReference(`${server.host}/exact@${digest}`), nobody)).status, 'current')
  says(await refused(pull(images, parseReference(`${server.host}/exact@${digestOf('x')}`), nobody)), /manifest for .*\/exact@sha256:\w+ not found: manifest unknown/)
})

test('an unknown tag and an unknown repository are told in Docker\'s words', async ({ server }) => {
  await given(server.url, 'known', '1', await parts([10]))
  for (const name of ['known:2', 'unknown:1']) {
    says(await refused(pull(store(), parseReference(`${server.host}/${name}`), nobody)),
      new RegExp(`^RegistryError: manifest for ${server.host}/${name} not found: manifest unknown: expected one at ${server.host}/\\w+, 127.*got 404 \\((manifest|name) unknown: `))
  }
})

test('an image for another machine is refused if a platform was asked for', async ({ server }) => {
  await given(server.url, 'arm', '1', await parts([10], { architecture: 'arm64' }))
  const [images, name] = [store(), parseReference(`${server.host}/arm:1`)]
  says(await refused(pull(images, name, { ...nobody, platform: { os: 'linux', architecture: 'amd64' } })), /expected an image for linux\/amd64, got one for linux\/arm64; try: --platform linux\/arm64/)
  assert.equal(images.list(), [])
  assert.is((await pull(images, name, nobody)).image.config.architecture, 'arm64')
})

test('a mirror is asked first; what it does not have, or when it is not there, comes from the registry', async ({ server }) => {
  const mirror = await registry()
  const gone = await registry()
  await gone.close()
  try {
    const image = await parts([10], { seed: 'mirrored' })
    await given(mirror.url, 'library/mirrored', 'latest', image)
    const options = { ...nobody, idle: 2000, mirrors: [gone.url, server.url, mirror.url] }
    const images = store()
    const { digest } = await pull(images, parseReference('mirrored'), options)
    assert.equal([digest, images.find('mirrored').repoTags], [digestOf(image.manifest), ['mirrored:latest']])
    assert.ok(server.log.some(({ url, status }) => url === '/v2/library/mirrored/manifests/latest' && status === 404))
  } finally {
    await mirror.close()
  }
})

test('all tags that the registry has, page after page', async ({ server }) => {
  const image = await parts([10], { seed: 'pages' })
  for (const tag of ['1', '2', '3', 'latest', 'v4']) await given(server.url, 'tags/there', tag, image)
  const front = createServer((request, response) => { // it has two at a time
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
    searchParams.set('n', '2')
    httpRequest(`${server.url}${pathname}?${searchParams}`, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers))
    }).end()
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const host = `127.0.0.1:${(front.address() as AddressInfo).port}`
  try {
    const tags = await tagsAt(parseReference(`${host}/tags/there`), nobody)
    assert.equal(tags.map(({ tag }) => tag), ['1', '2', '3', 'latest', 'v4'])
    assert.equal(tags[0], parseReference(`${host}/tags/there:1`))
    assert.match(await refused(tagsAt(parseReference(`${host}/none`), nobody)), /expected 200, got 404 \(name unknown: /)
  } finally {
    front.close()
    front.closeAllConnections()
  }
})

/** A page, where it says that the next one is, and what is said of it. */
const PAGES: readonly (readonly [string, string | undefined, RegExp])[] = [
  ['{"tags":["a"]}', '</v2/x/tags/list>; rel="next"', /expected at most 1000 pages of tags, got more/],
  ['{"tags":["a"]}', '<http://elsewhere.test/v2/x/tags/list>; rel="next"', /expected its own address in Link, got "http:\/\/elsewhere/],
  ['{"tags":[1]}', undefined, /expected a list of tags, got "\{\\"tags/], ['<html>', undefined, /expected a list of tags, got "<html>"/],
  ['{"tags":["a@b/../c"]}', undefined, /reference: expected /],
]
for (const [page, link, expected] of PAGES) {
  test(`a list of tags as ${page} ${link ?? ''} is refused`, async () => {
    const server = createServer((_, response) => { response.writeHead(200, link === undefined ? {} : { link }).end(page) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      assert.match(await refused(tagsAt(parseReference(`127.0.0.1:${(server.address() as AddressInfo).port}/x`), nobody)), expected)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })
}

test('what has no tags has none', async () => {
  const server = createServer((_, response) => { response.end('{"name":"x","tags":null}') }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    assert.equal(await tagsAt(parseReference(`127.0.0.1:${(server.address() as AddressInfo).port}/x`), nobody), [])
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

test('all tags of a repository', async ({ server }) => {
  const images = store()
  const image = await imageIn(images, `${server.host}/tags:1`, [10], 'tags')
  for (const name of [`${server.host}/tags:2`, `${server.host}/other:3`]) await images.tag(image, parseReference(name))
  const tags = tagsOf(images, parseReference(`${server.host}/tags`))
  assert.equal(tags.map(({ tag }) => tag), ['1', '2'])
  for (const tag of tags) await push(images, tag, nobody)
  assert.equal(await (await expect(200, `${server.url}/v2/tags/tags/list`)).json(), { name: 'tags', tags: ['1', '2'] })
})

test('what cannot be pushed is said before a registry is asked', async ({ server }) => {
  const images = store()
  const from = server.log.length
  says(await refused(push(images, parseReference(`${server.host}/none:1`), nobody)), /No such image|does not exist/)
  says(await refused(push(images, parseReference(`${server.host}/none@${digestOf('x')}`), nobody)), /push: expected a name with a tag, got /)
  assert.is(server.log.length, from)
})

test('an image of Docker\'s schema 2 keeps its bytes', async ({ server }) => {
  const image = await parts([500], { seed: 'docker' })
  await given(server.url, 'docker', 'oci', image)
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const body = JSON.stringify({
    schemaVersion: 2, mediaType: type, config: { ...image.config.descriptor, mediaType: 'application/vnd.docker.container.image.v1+json' },
    layers: image.layers.map(({ descriptor }) => ({ ...descriptor, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' })),
  }, undefined, 3)
  await expect(201, `${server.url}/v2/docker/manifests/1`, { method: 'PUT', body, headers: { 'content-type': type } })
  const images = store()
  const { image: pulled } = await pull(images, parseReference(`${server.host}/docker:1`), nobody)
  await images.tag(pulled, parseReference(`${server.host}/again:1`))
  await push(images, parseReference(`${server.host}/again:1`), nobody)
  const got = await expect(200, `${server.url}/v2/again/manifests/1`, { headers: { accept: `${type}, ${OCI}` } })
  assert.equal([got.headers.get('content-type'), await got.text()], [type, body])
})

test.run()
