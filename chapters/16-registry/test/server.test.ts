// The protocol, request by request. Nothing of ours asks here but fetch(), and raw sockets.
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { hashSync } from 'bcryptjs'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '@pocker/layers'
import { collect } from '@pocker/registry'
import type { ApiError } from '../src/server/answer.ts'
import { removeOld } from '../src/server/files.ts'
import { htpasswd } from '../src/server/htpasswd.ts'
import { Storage } from '../src/server/storage.ts'
import { Uploads } from '../src/server/uploads.ts'
import { directory, expect, given, noise, OCI, parts, registry, selfSigned, tidy, type Registry } from './given.ts'

const test = suite<{ server: Registry; url: string }>('server')
test.before(async (context) => {
  context.server = await registry()
  context.url = context.server.url
})
test.after(async ({ server }) => {
  await server.close()
  tidy()
})

const code = async (response: Response): Promise<unknown> => ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code
const absent = digestOf('absent')
const upload = async (url: string, repository = 'team/app'): Promise<string> => {
  const { headers } = await expect(202, `${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  return `${url}${headers.get('location')}`
}
const blob = async (url: string, text: string | Buffer, repository = 'team/app'): Promise<string> => {
  await expect(201, `${url}/v2/${repository}/blobs/uploads/?digest=${digestOf(text)}`, { method: 'POST', body: text })
  return digestOf(text)
}

test('whoever asks for /v2/ learns that this is a registry', async ({ url }) => {
  for (const path of ['/v2/', '/v2']) {
    const response = await expect(200, url + path)
    assert.is(response.headers.get('docker-distribution-api-version'), 'registry/2.0')
    assert.equal(await response.json(), {})
  }
})

/** Method, path, body's type if there is one, status, code. */
const REFUSED: readonly (readonly [string, string, string | undefined, number, string])[] = [
  ['GET', '/', undefined, 404, 'NOT_FOUND'], ['GET', '/v1/', undefined, 404, 'NOT_FOUND'], ['GET', '/v2/%zz/tags/list', undefined, 404, 'NOT_FOUND'],
  ['POST', '/v2/', undefined, 405, 'UNSUPPORTED'], ['PUT', '/v2/_catalog', 'x', 405, 'UNSUPPORTED'], ['PATCH', '/v2/a/manifests/b', 'x', 405, 'UNSUPPORTED'],
  ['GET', '/v2/none/tags/list', undefined, 404, 'NAME_UNKNOWN'], ['GET', '/v2/none/manifests/latest', undefined, 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/Upper/tags/list', undefined, 400, 'NAME_INVALID'], ['GET', '/v2/a//b/tags/list', undefined, 400, 'NAME_INVALID'],
  ['GET', '/v2/..%2f..%2fetc/tags/list', undefined, 400, 'NAME_INVALID'], ['GET', '/v2/a%00b/tags/list', undefined, 400, 'NAME_INVALID'],
  ['GET', '/v2/_uploads/tags/list', undefined, 400, 'NAME_INVALID'], ['GET', `/v2/${'a'.repeat(256)}/tags/list`, undefined, 400, 'NAME_INVALID'],
  ['GET', '/v2/a/manifests/..', undefined, 404, 'NAME_UNKNOWN'], ['GET', '/v2/a/manifests/.INVALID', undefined, 404, 'NAME_UNKNOWN'], // as OCI's conformance tests want it
  ['PUT', '/v2/a/manifests/..', 'x', 400, 'TAG_INVALID'], ['PUT', `/v2/a/manifests/${'t'.repeat(129)}`, 'x', 400, 'TAG_INVALID'],
  ['DELETE', '/v2/a/manifests/..', undefined, 404, 'MANIFEST_UNKNOWN'], ['PUT', '/v2/a/manifests/sha256:12', 'x', 400, 'DIGEST_INVALID'],
  ['GET', `/v2/a/manifests/${'t'.repeat(129)}`, undefined, 404, 'NAME_UNKNOWN'], ['GET', '/v2/a/manifests/sha256:12', undefined, 400, 'DIGEST_INVALID'],
  ['GET', '/v2/a/manifests/sha512:12', undefined, 400, 'DIGEST_INVALID'],
  ['GET', '/v2/a/blobs/sha256:12', undefined, 400, 'DIGEST_INVALID'], ['GET', `/v2/a/blobs/${absent}`, undefined, 404, 'BLOB_UNKNOWN'],
  ['DELETE', `/v2/a/blobs/${absent}`, undefined, 404, 'BLOB_UNKNOWN'], ['DELETE', '/v2/a/manifests/latest', undefined, 404, 'MANIFEST_UNKNOWN'],
  ['DELETE', `/v2/a/manifests/${absent}`, undefined, 404, 'MANIFEST_UNKNOWN'],
  ['PUT', '/v2/a/manifests/latest', '', 400, 'MANIFEST_INVALID'], ['PUT', '/v2/a/manifests/latest', 'x', 400, 'MANIFEST_INVALID'],
  ['PUT', '/v2/a/manifests/latest', '[]', 400, 'MANIFEST_INVALID'], ['PUT', '/v2/a/manifests/latest', '{"schemaVersion":1}', 400, 'MANIFEST_INVALID'],
  ['PUT', '/v2/a/manifests/latest', `{"schemaVersion":2,"mediaType":"${OCI}","config":{"digest":"x"},"layers":[]}`, 400, 'MANIFEST_INVALID'],
  ['PUT', '/v2/a/manifests/latest', `{"schemaVersion":2,"mediaType":"${OCI}","config":{"digest":"${absent}"},"layers":[]}`, 400, 'MANIFEST_BLOB_UNKNOWN'],
  ['PUT', '/v2/a/manifests/latest', `{"schemaVersion":2,"mediaType":"${OCI}","config":{"digest":"${absent}"}}`, 400, 'MANIFEST_INVALID'],
  ['PUT', '/v2/a/manifests/latest', `{"schemaVersion":2,"mediaType":"${OCI}","config":{"digest":"${absent}"},"layers":null}`, 400, 'MANIFEST_BLOB_UNKNOWN'],
  ['PUT', '/v2/a/manifests/latest', `{"schemaVersion":2,"mediaType":"${OCI}","config":{"digest":"${absent}"},"layers":[],"manifests":[]}`, 400, 'MANIFEST_INVALID'],
  ['PUT', '/v2/a/manifests/latest', '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"layers":[]}', 400, 'MANIFEST_INVALID'],
  ['PUT', `/v2/a/manifests/${absent}`, `{"schemaVersion":2,"mediaType":"${OCI}","config":{"digest":"${absent}"},"layers":[]}`, 400, 'DIGEST_INVALID'],
  ['PUT', '/v2/a/manifests/latest', 'x'.repeat(4 * 1024 * 1024 + 1), 413, 'TOO_LARGE'],
  ['GET', '/v2/a/blobs/uploads/1234', undefined, 404, 'BLOB_UPLOAD_UNKNOWN'], ['PATCH', '/v2/a/blobs/uploads/..%2f..%2fx', 'x', 404, 'NOT_FOUND'],
  ['PATCH', '/v2/a/blobs/uploads/01234567-89ab-cdef-0123-456789abcdef', 'x', 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['PUT', '/v2/a/blobs/uploads/01234567-89ab-cdef-0123-456789abcdef', 'x', 400, 'DIGEST_INVALID'],
  ['POST', `/v2/a/blobs/uploads/?digest=${absent}`, 'x', 400, 'DIGEST_INVALID'], ['POST', '/v2/a/blobs/uploads/?digest=x', 'x', 400, 'DIGEST_INVALID'],
  ['POST', `/v2/a/blobs/uploads/?mount=${absent}&from=../x`, undefined, 400, 'NAME_INVALID'],
  ['GET', '/v2/_catalog?n=-1', undefined, 400, 'PAGINATION_NUMBER_INVALID'], ['GET', '/v2/_catalog?n=x', undefined, 400, 'PAGINATION_NUMBER_INVALID'],
  ['GET', '/v2/a/referrers/latest', undefined, 400, 'DIGEST_INVALID'],
]
for (const [method, path, body, status, name] of REFUSED) {
  test(`${method} ${path.length > 60 ? `${path.slice(0, 60)}…` : path} ${body?.slice(0, 60) ?? ''}: ${status} ${name}`, async ({ server, url }) => {
    assert.is(await code(await raw(url, method, path, body, status)), name)
    assert.not.ok(server.log.some(({ error }) => error !== undefined), JSON.stringify(server.log.find(({ error }) => error)))
  })
}

/** fetch() tidies paths up; this does not. */
async function raw(url: string, method: string, path: string, body: string | undefined, status: number): Promise<Response> {
  const request = httpRequest(url, { method, path, headers: body === undefined ? {} : { 'content-length': Buffer.byteLength(body) } })
  request.end(body)
  const [response] = await once(request, 'response') as [import('node:http').IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  assert.is(response.statusCode, status, Buffer.concat(chunks).toString())
  return new Response(Buffer.concat(chunks))
}

test('a blob in one request, in a request and a half, in chunks: there it is', async ({ url }) => {
  const bytes = noise('chunks', 300_000)
  const digest = digestOf(bytes)
  const inOne = await expect(201, `${url}/v2/one/blobs/uploads/?digest=${digest}`, { method: 'POST', body: bytes })
  assert.equal([inOne.headers.get('location'), inOne.headers.get('docker-content-digest')], [`/v2/one/blobs/${digest}`, digest])

  await expect(201, `${await upload(url, 'two')}?digest=${digest}`, { method: 'PUT', body: bytes })

  const place = await upload(url, 'three')
  for (const [start, end] of [[0, 99_999], [100_000, 199_999]] as const) {
    const headers = { 'content-range': `${start}-${end}` }
    const chunk = await expect(202, place, { method: 'PATCH', body: bytes.subarray(start, end + 1), headers })
    assert.is(chunk.headers.get('range'), `0-${end}`)
  }
  const status = await expect(204, place)
  assert.equal([status.headers.get('range'), `${url}${status.headers.get('location')}`], ['0-199999', place])
  await expect(201, `${place}?digest=${digest}`, { method: 'PUT', body: bytes.subarray(200_000), headers: { 'content-range': '200000-299999' } })
  await expect(404, place)
  for (const name of ['one', 'two', 'three']) {
    const got = await expect(200, `${url}/v2/${name}/blobs/${digest}`)
    assert.ok(Buffer.from(await got.arrayBuffer()).equals(bytes))
  }
})

test('a chunk that is not the next one is refused, and says where to go on', async ({ url }) => {
  const place = await upload(url)
  await expect(202, place, { method: 'PATCH', body: 'hello', headers: { 'content-range': '0-4' } })
  for (const [range, body] of [['0-4', 'hello'], ['9-10', 'xx'], ['5-9', 'no'], ['nonsense', 'x'], ['9-5', 'x']] as const) {
    const refused = await expect(416, place, { method: 'PATCH', body, headers: { 'content-range': range } })
    assert.equal([refused.headers.get('range'), await code(refused)], ['0-4', 'RANGE_INVALID'], range)
  }
  await expect(201, `${place}?digest=${digestOf('hello, you')}`, { method: 'PUT', body: ', you' })
})

test('an upload whose digest is wrong is gone, and so is one that is taken back', async ({ url, server }) => {
  const wrong = await upload(url)
  assert.is(await code(await expect(400, `${wrong}?digest=${absent}`, { method: 'PUT', body: 'something' })), 'DIGEST_INVALID')
  await expect(404, wrong)
  const back = await upload(url)
  await expect(204, back, { method: 'DELETE' })
  await expect(404, back)
  assert.not.ok(existsSync(join(server.root, 'blobs/sha256', absent.slice(7))))
})

test('a blob is given whole, in part, or only told of', async ({ url }) => {
  const bytes = noise('range', 1000)
  const digest = await blob(url, bytes)
  const at = `${url}/v2/team/app/blobs/${digest}`
  const head = await expect(200, at, { method: 'HEAD' })
  assert.equal([head.headers.get('content-length'), head.headers.get('docker-content-digest'), head.headers.get('accept-ranges')], ['1000', digest, 'bytes'])
  const part = await expect(206, at, { headers: { range: 'bytes=100-199' } })
  assert.is(part.headers.get('content-range'), 'bytes 100-199/1000')
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200)))
  assert.ok(Buffer.from(await (await expect(206, at, { headers: { range: 'bytes=-10' } })).arrayBuffer()).equals(bytes.subarray(990)))
  assert.is((await expect(416, at, { headers: { range: 'bytes=1000-' } })).headers.get('content-range'), 'bytes */1000')
  await expect(200, at, { method: 'HEAD', headers: { range: 'bytes=100-199' } })
  await expect(206, at, { headers: { range: 'bytes=100-199', 'if-range': `"${digest}"` } })
  await expect(200, at, { headers: { range: 'bytes=100-199', 'if-range': '"another"' } })
  const empty = await blob(url, '')
  assert.is(await (await expect(200, `${url}/v2/team/app/blobs/${empty}`)).text(), '')
})

test('a repository has only what was pushed to it, or mounted', async ({ url }) => {
  const digest = await blob(url, 'secret layer', 'private')
  await expect(404, `${url}/v2/public/blobs/${digest}`)
  assert.match((await expect(202, `${url}/v2/public/blobs/uploads/?mount=${digest}&from=other`, { method: 'POST' })).headers.get('location') ?? '', /uploads/)
  const mounted = await expect(201, `${url}/v2/public/blobs/uploads/?mount=${digest}&from=private`, { method: 'POST' })
  assert.is(mounted.headers.get('location'), `/v2/public/blobs/${digest}`)
  await expect(200, `${url}/v2/public/blobs/${digest}`)
  await expect(202, `${url}/v2/public/blobs/${digest}`, { method: 'DELETE' })
  await expect(404, `${url}/v2/public/blobs/${digest}`)
  await expect(200, `${url}/v2/private/blobs/${digest}`)
})

test('a manifest by tag and by digest; a tag moves; what is deleted is not there', async ({ url }) => {
  const [old, fresh] = [await parts([10], { seed: 'old' }), await parts([10], { seed: 'new' })]
  await given(url, 'life', 'one', old)
  await given(url, 'life', 'two', old)
  await given(url, 'life', 'one', fresh)
  const digest = digestOf(old.manifest)
  for (const reference of ['two', digest]) {
    const got = await expect(200, `${url}/v2/life/manifests/${reference}`)
    assert.equal([got.headers.get('content-type'), got.headers.get('docker-content-digest'), await got.text()], [OCI, digest, old.manifest.toString()])
    assert.is((await expect(200, `${url}/v2/life/manifests/${reference}`, { method: 'HEAD' })).headers.get('content-length'), `${old.manifest.length}`)
  }
  assert.is(await (await expect(200, `${url}/v2/life/manifests/one`)).text(), fresh.manifest.toString())
  await expect(202, `${url}/v2/life/manifests/one`, { method: 'DELETE' })
  assert.is(await code(await expect(404, `${url}/v2/life/manifests/one`)), 'MANIFEST_UNKNOWN')
  await expect(200, `${url}/v2/life/manifests/${digestOf(fresh.manifest)}`)
  await expect(202, `${url}/v2/life/manifests/${digest}`, { method: 'DELETE' })
  await expect(404, `${url}/v2/life/manifests/two`)
  assert.equal(await (await expect(200, `${url}/v2/life/tags/list`)).json(), { name: 'life', tags: [] })
})

test('an index names manifests that are there; types do not contradict each other', async ({ url }) => {
  const image = await parts([10], { seed: 'index' })
  const type = 'application/vnd.oci.image.index.v1+json'
  const index = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [{ mediaType: OCI, digest: digestOf(image.manifest), size: image.manifest.length }] })
  const send = (status: number, contentType: string): Promise<Response> =>
    expect(status, `${url}/v2/many/manifests/all`, { method: 'PUT', body: index, headers: { 'content-type': contentType } })
  assert.is(await code(await send(400, type)), 'MANIFEST_BLOB_UNKNOWN')
  await given(url, 'many', 'amd64', image)
  assert.is(await code(await send(400, OCI)), 'MANIFEST_INVALID')
  assert.is((await send(201, type)).headers.get('docker-content-digest'), digestOf(index))
})

test('lists come in pages, with the way to the next', async ({ url }) => {
  const image = await parts([10], { seed: 'pages' })
  for (const tag of ['b', 'a', '_c', 'A1']) await given(url, 'zz/pages', tag, image)
  const pages: string[][] = []
  for (let next: string | undefined = '/v2/zz/pages/tags/list?n=3'; next !== undefined;) {
    const response = await expect(200, url + next)
    pages.push(((await response.json()) as { tags: string[] }).tags)
    next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
  }
  assert.equal(pages, [['A1', '_c', 'a'], ['b']])
  const catalog = async (query: string): Promise<string[]> =>
    ((await (await expect(200, `${url}/v2/_catalog${query}`)).json()) as { repositories: string[] }).repositories
  const all = await catalog('')
  assert.equal(all, all.toSorted())
  assert.ok(all.includes('zz/pages') && !all.includes('private'), 'only those with a manifest')
  assert.equal(await catalog(`?n=1&last=${all.at(-2)}`), [all.at(-1)])
  assert.equal(await catalog('?n=0'), [])
})

test('what refers to a manifest is listed, by type if that is asked for', async ({ url }) => {
  const image = await parts([10], { seed: 'subject' })
  await given(url, 'signed', 'one', image)
  const subject = { mediaType: OCI, digest: digestOf(image.manifest), size: image.manifest.length }
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: await blob(url, '{}', 'signed'), size: 2 }
  const signature = JSON.stringify({ schemaVersion: 2, mediaType: OCI, artifactType: 'application/x-signature', config, layers: [], subject, annotations: { by: 'me' } })
  const put = await expect(201, `${url}/v2/signed/manifests/${digestOf(signature)}`, { method: 'PUT', body: signature, headers: { 'content-type': OCI } })
  assert.is(put.headers.get('oci-subject'), subject.digest)
  const expected = { mediaType: OCI, digest: digestOf(signature), size: signature.length, artifactType: 'application/x-signature', annotations: { by: 'me' } }
  const referrers = async (query: string): Promise<unknown> => ((await (await expect(200, `${url}/v2/signed/referrers/${subject.digest}${query}`)).json()) as { manifests: unknown }).manifests
  assert.equal(await referrers(''), [expected])
  assert.equal(await referrers('?artifactType=application/x-signature'), [expected])
  assert.equal(await referrers('?artifactType=other'), [])
})

test('an upload outlives the server; a blob that is read outlives its deletion', async () => {
  const root = directory()
  const [first, bytes] = [await registry({ root }), noise('restart', 3_000_000)]
  const place = new URL(await upload(first.url)).pathname
  await expect(202, first.url + place, { method: 'PATCH', body: bytes.subarray(0, 1_000_000) })
  await first.close()
  const second = await registry({ root })
  try {
    assert.is((await expect(204, second.url + place)).headers.get('range'), '0-999999')
    await expect(201, `${second.url}${place}?digest=${digestOf(bytes)}`, { method: 'PUT', body: bytes.subarray(1_000_000) })
    const reading = await expect(200, `${second.url}/v2/team/app/blobs/${digestOf(bytes)}`)
    collect(root, { age: -1000 })
    await expect(404, `${second.url}/v2/team/app/blobs/${digestOf(bytes)}`)
    assert.ok(Buffer.from(await reading.arrayBuffer()).equals(bytes))
  } finally {
    await second.close()
  }
})

test('several who push the same blob at once all succeed', async ({ url }) => {
  const bytes = noise('same', 500_000)
  await Promise.all(Array.from({ length: 8 }, (_, i) => blob(url, bytes, `same/${i % 2}`)))
  assert.ok(Buffer.from(await (await expect(200, `${url}/v2/same/1/blobs/${digestOf(bytes)}`)).arrayBuffer()).equals(bytes))
})

test('of two who write to one upload, the later one wins', async ({ url }) => {
  const place = await upload(url)
  const first = httpRequest(place, { method: 'PATCH', headers: { 'content-length': 10 } })
  const lost = once(first, 'error')
  first.write('hello')
  while ((await expect(204, place)).headers.get('range') !== '0-4') await new Promise(setImmediate)
  await expect(202, place, { method: 'PATCH', body: ', you', headers: { 'content-range': '5-9' } })
  await lost
  await expect(201, `${place}?digest=${digestOf('hello, you')}`, { method: 'PUT' })
})

test('nobody adds to an upload that is being finished: the blob stays what it is', async () => {
  const storage = new Storage(directory())
  const [uploads, repository, bytes] = [new Uploads(storage), storage.repository('team/app'), noise('finished', 5_000_000)]
  for (const last of ['finish', 'cancel'] as const) {
    const upload = uploads.create(repository)
    await upload.append(Readable.from([bytes]), {})
    const [finished, late] = [upload.finish(digestOf(bytes)), new PassThrough()]
    const code = async (work: Promise<void>): Promise<number | undefined> => await work.then(() => undefined, (error: unknown) => (error as ApiError).answer.status)
    const added = code(upload.append(late, {}))
    if (last === 'cancel') uploads.close(upload)
    assert.is(await code(finished), last === 'finish' ? undefined : 404)
    late.end('more')
    assert.is(await added, 404)
    assert.ok(readFileSync(storage.blobFile(digestOf(bytes))).equals(bytes))
    assert.equal(repository.uploads(), [])
  }
})

test('an upload that is at work is not forgotten for a thousand others', async () => {
  const storage = new Storage(directory())
  const [uploads, repository] = [new Uploads(storage), storage.repository('team/app')]
  const [first, source] = [uploads.create(repository), new PassThrough()]
  const appended = first.append(source, {})
  for (let i = 0; i < 1001; i++) uploads.create(repository)
  assert.is(uploads.open(repository, first.id), first)
  source.end()
  await appended
})

test('an answer 204 says nothing about a length', async ({ url }) => {
  const place = await upload(url)
  for (const method of ['GET', 'DELETE']) assert.is((await expect(204, place, { method })).headers.get('content-length'), null)
})

test('what becomes young at the last moment is not collected; a manifest that is sent again is young', async () => {
  const file = join(directory(), 'blob')
  writeFileSync(file, 'bytes')
  assert.is(removeOld(file, Date.now() - 1000), undefined)
  assert.is(readFileSync(file, 'utf8'), 'bytes')
  utimesSync(file, 1, 1)
  assert.is(removeOld(file, Date.now() - 1000), 5)
  assert.is(removeOld(file, Date.now()), undefined)
  assert.equal(readdirSync(join(file, '..')), [])

  const server = await registry()
  try {
    const image = await parts([10], { seed: 'again' })
    await given(server.url, 'again', 'one', image)
    const stored = join(server.root, 'blobs/sha256', digestOf(image.manifest).slice(7))
    utimesSync(stored, 1, 1)
    await given(server.url, 'again', 'two', image)
    assert.ok(statSync(stored).mtimeMs > 1000)
  } finally {
    await server.close()
  }
})

test('what no manifest names is collected, once it is old enough', async () => {
  const root = directory()
  const server = await registry({ root })
  try {
    const image = await parts([10, 20], { seed: 'collected' })
    await given(server.url, 'kept', 'latest', image)
    await blob(server.url, 'nobody needs this', 'kept')
    await upload(server.url, 'kept')
    writeFileSync(join(root, 'blobs/sha256/.new-by-one-who-was-killed'), 'half')
    assert.equal(collect(root), { blobs: [], bytes: 0, uploads: 0 })
    assert.equal(collect(root, { age: -1000 }), { blobs: [digestOf('nobody needs this')], bytes: 17, uploads: 1 })
    assert.is(readdirSync(join(root, 'blobs/sha256')).length, 4)
    await expect(404, `${server.url}/v2/kept/blobs/${digestOf('nobody needs this')}`)
    for (const { descriptor } of [...image.layers, image.config]) await expect(200, `${server.url}/v2/kept/blobs/${descriptor.digest}`, { method: 'HEAD' })
    await expect(202, `${server.url}/v2/kept/manifests/${digestOf(image.manifest)}`, { method: 'DELETE' })
    assert.is(collect(root, { age: -1000 }).blobs.length, 4)
  } finally {
    await server.close()
  }
})

test('a layer that can be had elsewhere need not be there; if it is, it is not collected', async () => {
  const server = await registry()
  try {
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: await blob(server.url, '{}', 'foreign'), size: 2 }
    const layers = ['here', 'elsewhere'].map((text) => ({ mediaType: 'application/x-layer', digest: digestOf(text), size: text.length, urls: ['https://layers.example/'] }))
    await blob(server.url, 'here', 'foreign')
    const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI, config, layers })
    await expect(201, `${server.url}/v2/foreign/manifests/1`, { method: 'PUT', body, headers: { 'content-type': OCI } })
    assert.equal(collect(server.root, { age: -1000 }).blobs, [])
    await expect(200, `${server.url}/v2/foreign/blobs/${digestOf('here')}`)
  } finally {
    await server.close()
  }
})

test('only who stands in the file comes in; the file may change meanwhile', async () => {
  const file = join(directory(), 'htpasswd')
  writeFileSync(file, `alice:${hashSync('secret', 4)}\n`)
  const server = await registry({ htpasswd: file })
  const ask = (status: number, user?: string): Promise<Response> =>
    expect(status, `${server.url}/v2/`, user === undefined ? {} : { headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } })
  try {
    const refused = await ask(401)
    assert.equal([refused.headers.get('www-authenticate'), await code(refused)], ['Basic realm="registry"', 'UNAUTHORIZED'])
    for (const wrong of ['alice:wrong', 'bob:secret', 'alice:', ':', `alice:secret${'x'.repeat(100)}`, 'alice']) await ask(401, wrong)
    await ask(200, 'alice:secret')
    await ask(200, 'alice:secret')
    writeFileSync(file, `bob:${hashSync('other', 4)}\n`)
    await ask(401, 'alice:secret')
    await ask(200, 'bob:other')
  } finally {
    await server.close()
  }
})

test('a name that nobody has takes as long as a wrong password', async () => {
  const file = join(directory(), 'htpasswd')
  writeFileSync(file, `alice:${hashSync('secret', 4)}\n`)
  const admits = htpasswd(file)
  const time = async (username: string): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < 9; i++) {
      const start = performance.now()
      assert.is(await admits({ username, password: `wrong ${i}` }), false)
      times.push(performance.now() - start)
    }
    return times.toSorted((a, b) => a - b)[4] ?? 0
  }
  const [known, unknown] = [await time('alice'), await time('bob')]
  assert.ok(unknown < 10 * known, `${known} ms, ${unknown} ms`)
})

test('a file of users with another kind of password is refused at the start', async () => {
  const file = join(directory(), 'htpasswd')
  writeFileSync(file, 'alice:$apr1$abc$def\n')
  const message = await registry({ htpasswd: file }).then(() => '', (error: Error) => error.message)
  assert.match(message, /htpasswd: line 1: expected NAME:HASH with bcrypt, as of htpasswd -B/)
})

test('with a certificate it speaks TLS', async () => {
  const tls = selfSigned()
  const server = await registry({ tls })
  try {
    const request = httpsRequest(`${server.url}/v2/`, { ca: tls.cert })
    request.end()
    const [response] = await once(request, 'response') as [import('node:http').IncomingMessage]
    assert.is(response.statusCode, 200)
    response.destroy()
  } finally {
    await server.close()
  }
})

test('whatever comes over the line, the server answers the next one', async ({ server, url }) => {
  const word = fc.constantFrom('GET', 'PUT', 'PATCH', 'POST', 'DELETE', 'HEAD', 'BREW', ' ', '/v2/', 'a/', '../', '%2e%2e/', 'blobs/', 'uploads/', 'manifests/', 'tags/list',
    '_catalog', '?n=', '?digest=', '?mount=x&from=', absent, 'sha256:', ' HTTP/1.1', '\r\n', '\r\n\r\n', 'Content-Length: ', 'Content-Length: 5', 'Transfer-Encoding: chunked',
    'Content-Range: 0-4', 'Range: bytes=-', 'Expect: 100-continue', 'Authorization: Basic ', 'Host: x', '5\r\nhello\r\n', '0\r\n\r\n', '\0', '\u00ff', '9'.repeat(20), '{', '}')
  const port = Number(new URL(url).port)
  await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 30 }), async (words) => {
    const socket = connect(port, '127.0.0.1')
    const closed = once(socket.on('error', () => {}), 'close')
    socket.resume().end(Buffer.from(words.join(''), 'latin1'))
    await closed
  }), { numRuns: 150, seed: 7 })
  const requests = fc.record({ method: word, path: fc.array(word, { maxLength: 8 }), headers: fc.array(word, { maxLength: 6 }), body: word })
  await fc.assert(fc.asyncProperty(requests, async ({ method, path, headers, body }) => {
    const socket = connect(port, '127.0.0.1')
    const closed = once(socket.on('error', () => {}), 'close')
    socket.resume().end(`${method} /v2/${path.join('').replaceAll(/\s/g, '')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers.map((line) => `${line.trim()}\r\n`).join('')}\r\n${body}`, 'latin1')
    await closed
  }), { numRuns: 150, seed: 8 })
  await expect(200, `${url}/v2/`)
  assert.equal(server.log.filter(({ status }) => status >= 500), [])
})

test.run()
