// The store: what goes in is checked, names come and go as Docker's, and what is nobody's goes.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf, hexOf, locked, type Digest } from '@pocker/layers'
import { createImage, ImageConflict, NoSuchImage, parseReference, type Image, type Images, type User } from '@pocker/images'
import { rootTest } from '@pocker/testing'
import { archive, member, twoLayers, workplace } from './given.ts'

const { path, store } = workplace(test)
const rejected = async (body: Promise<unknown>): Promise<Error> => body.then(() => { throw new Error('expected an error, got none') }, (error: Error) => error)
const use = (image: Image, running: boolean): User => ({ container: 'c0ffee', image: image.id, running })
const files = (images: Images, directory: string): string[] => (existsSync(`${images.blobs.root}/${directory}`) ? readdirSync(`${images.blobs.root}/${directory}`) : [])

test('a blob is there when it has been checked, and not before', async () => {
  const { blobs } = store()
  const bytes = Buffer.from('hello')
  const digest = digestOf(bytes)
  assert.equal(await blobs.write([bytes.subarray(0, 2), bytes.subarray(2)], { digest, size: 5 }), { digest, size: 5 })
  assert.ok(blobs.has(digest))
  assert.is(blobs.read(digest).toString(), 'hello')
  let text = ''
  for await (const chunk of blobs.open(digest, 2)) text += String(chunk)
  assert.is(text, 'llo')
})

test('what is not what it should be is refused, and nothing is left of it', async () => {
  const images = store()
  const [right, wrong] = [digestOf('right'), digestOf('wrong')]
  assert.match((await rejected(images.blobs.write([Buffer.from('wrong')], { digest: right }))).message, `blob ${right}: expected its content, got that of ${wrong}`)
  assert.match((await rejected(images.blobs.write([Buffer.from('right')], { digest: right, size: 4 }))).message, `blob ${right}: expected 4 bytes, got more`)
  assert.match((await rejected(images.blobs.write([Buffer.from('right')], { digest: right, size: 6 }))).message, `blob ${right}: expected 6 bytes, got 5`)
  const broken = async function* () { yield Buffer.from('ri'); throw new Error('the line went dead') }
  assert.is((await rejected(images.blobs.write(broken(), { digest: right }))).message, 'the line went dead')
  assert.equal([files(images, 'ingest'), files(images, 'blobs/sha256')], [[], []])
})

test('a fetch that is cut off goes on where it was', async () => {
  const { blobs } = store()
  const bytes = Buffer.alloc(3_000_000, 'abc')
  const expected = { digest: digestOf(bytes), size: bytes.length }
  const asked: number[] = []
  const told: number[] = []
  const get = (end: number) => (from: number) => {
    asked.push(from)
    return (async function* () {
      yield bytes.subarray(from, end)
      if (end < bytes.length) throw new Error('the line went dead')
    })()
  }
  assert.is((await rejected(blobs.fetch(expected, get(2_000_000)))).message, 'the line went dead')
  assert.not(blobs.has(expected.digest))
  assert.is(await blobs.fetch(expected, get(bytes.length), (so) => told.push(so)), 'fetched')
  assert.equal(asked, [0, 2_000_000])
  assert.equal(told, [2_000_000, 3_000_000])
  assert.is(await blobs.fetch(expected, () => { throw new Error('never asked') }), 'there')
  assert.equal(blobs.read(expected.digest), bytes)
})

test('an end that comes too early is told with both numbers, and kept', async () => {
  const { blobs } = store()
  const expected = { digest: digestOf('hello'), size: 5 }
  assert.match((await rejected(blobs.fetch(expected, () => [Buffer.from('he')]))).message, /expected 5 bytes, got 2 and its end; try again to go on/)
  assert.is(await blobs.fetch(expected, (from) => [Buffer.from('hello').subarray(from)]), 'fetched')
})

test('wrong bytes are never stored, and the next fetch begins anew', async () => {
  const images = store()
  const expected = { digest: digestOf('hello'), size: 5 }
  assert.match((await rejected(images.blobs.fetch(expected, () => [Buffer.from('hallo')]))).message, `blob ${expected.digest}: expected its content, got that of ${digestOf('hallo')}`)
  assert.match((await rejected(images.blobs.fetch(expected, () => [Buffer.from('hello, and more')]))).message, 'expected 5 bytes, got more')
  assert.equal([files(images, 'ingest'), files(images, 'blobs/sha256')], [[], []])
})

test('a part that a crash has damaged costs one more fetch, and no error', async () => {
  const images = store()
  const expected = { digest: digestOf('hello'), size: 5 }
  await rejected(images.blobs.fetch(expected, () => [Buffer.from('h')]))
  for (const damaged of ['X', 'hallo', 'more than there is']) {
    writeFileSync(`${images.blobs.root}/ingest/${expected.digest.slice(7)}`, damaged)
    assert.is(await images.blobs.fetch(expected, (from) => [Buffer.from('hello').subarray(from)]), 'fetched', damaged)
    await images.blobs.remove(expected.digest)
  }
})

test('two who want the same blob fetch it once', async () => {
  const [one, other] = [store(), store()]
  const expected = { digest: digestOf('hello'), size: 5 }
  let asked = 0
  const get = async function* () { asked++; yield Buffer.from('hel'); await new Promise(setImmediate); yield Buffer.from('lo') }
  const results = await Promise.all([one, other, one, other].map(({ blobs }) => blobs.fetch(expected, get)))
  assert.equal([asked, results.toSorted()], [1, ['fetched', 'there', 'there', 'there']])
  assert.equal(files(one, 'ingest'), [])
})

rootTest(test, 'an image is found by its names, its id, and the beginning of it', async () => {
  const images = store()
  const image = await twoLayers(images)
  const hex = image.id.slice(7)
  for (const text of ['box:1', 'docker.io/library/box:1', image.id, hex, hex.slice(0, 12), hex.slice(0, 4), `sha256:${hex.slice(0, 9)}`]) {
    assert.is(images.find(text).id, image.id, text)
  }
  assert.equal([image.repoTags, image.layers.length, image.size, image.layerSizes], [['box:1'], 2, 11, [5, 6]])
  const missing = (text: string): string => {
    try {
      return images.find(text).id
    } catch (error) {
      assert.ok(error instanceof NoSuchImage)
      return (error as Error).message
    }
  }
  assert.is(missing('box'), 'No such image: box:latest')
  assert.is(missing('localhost:5000/box:1'), 'No such image: localhost:5000/box:1')
  assert.is(missing(`sha256:${'0'.repeat(64)}`), `No such image: sha256:${'0'.repeat(64)}`)
  assert.throws(() => images.find('Box'), /^reference: expected a repository in lower case/)
})

rootTest(test, 'a name goes before the beginning of an id', async () => {
  const images = store()
  const image = await twoLayers(images, 'one:1')
  const other = await twoLayers(images, 'two:1', 'other')
  await images.tag(other, parseReference(image.id.slice(7, 12)))
  assert.is(images.find(image.id.slice(7, 12)).id, other.id)
})

rootTest(test, 'two images can share all but their last layer, and a name is of one image only', async () => {
  const images = store()
  const first = await twoLayers(images, 'box:1', 'one')
  const second = await twoLayers(images, 'box:1', 'two')
  assert.equal(images.find('box:1').id, second.id)
  assert.equal(images.find(first.id).repoTags, [])
  assert.is(first.layers[0], second.layers[0])
  assert.is(images.list().length, 2)
  await images.prune()
  assert.equal(images.list().map(({ id }) => id), [second.id])
  assert.equal(images.layers.list().length, 2)
  assert.equal(await images.check(), [])
})

rootTest(test, 'of several names one goes, and the image with the last', async () => {
  const images = store()
  const image = await twoLayers(images)
  await images.tag(image, parseReference('box:2'))
  assert.equal(images.find('box:1').repoTags, ['box:1', 'box:2'])
  assert.equal(await images.remove('box:1'), { untagged: ['box:1'], deleted: [] })
  const { untagged, deleted } = await images.remove('box:2')
  assert.equal([untagged, deleted.toSorted()], [['box:2'], [image.id, ...image.layers].toSorted()])
  assert.equal([images.list(), images.blobs.list(), images.layers.list()], [[], [], []])
})

rootTest(test, 'by its id, an image with names in several repositories goes only by force', async () => {
  const images = store()
  const image = await twoLayers(images)
  await images.tag(image, parseReference('tool:1'))
  const short = image.id.slice(7, 19)
  const error = await rejected(images.remove(short))
  assert.ok(error instanceof ImageConflict)
  assert.is(error.message, `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`)
  assert.equal((await images.remove(short, { force: true })).untagged, ['box:1', 'tool:1'])
})

rootTest(test, 'what a container uses stays, unless somebody insists; what runs stays', async () => {
  const images = store()
  const image = await twoLayers(images)
  const short = image.id.slice(7, 19)
  const [stopped, running] = [[use(image, false)], [use(image, true)]]
  const message = async (text: string, force: boolean, inUse: User[]): Promise<string> => (await rejected(images.remove(text, { force, inUse }))).message
  assert.is(await message('box:1', false, stopped), `conflict: unable to remove repository reference "box:1" (must force) - container c0ffee is using its referenced image ${short}`)
  assert.is(await message(short, false, stopped), `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container c0ffee`)
  assert.is(await message(short, true, running), `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container c0ffee`)
  assert.equal(await images.remove('box:1', { force: true, inUse: running }), { untagged: ['box:1'], deleted: [] })
  assert.equal(images.find(image.id).repoTags, [])
  assert.equal((await images.remove(short, { force: true, inUse: stopped })).deleted, [image.id, ...image.layers.toReversed()])
})

rootTest(test, 'with the last tag of a repository go the digests it has there', async () => {
  const images = store()
  const image = await twoLayers(images)
  const digest = digestOf('an index')
  await images.pushed(image, parseReference('box:1'), digest)
  await images.pushed(image, parseReference('localhost:5000/box:1'), digest)
  assert.equal(images.find(`box@${digest}`).repoDigests, [`box@${digest}`, `localhost:5000/box@${digest}`])
  assert.equal(await images.remove('box:1'), { untagged: ['box:1', `box@${digest}`], deleted: [] })
  assert.equal(await images.remove(`localhost:5000/box@${digest}`), { untagged: [`localhost:5000/box@${digest}`], deleted: [image.id, ...image.layers.toReversed()] })
})

rootTest(test, 'prune takes what has no name, or all that no container uses; labels and age choose', async () => {
  const images = store()
  const image = await twoLayers(images)
  const without = async (options: Parameters<Images['prune']>[0]): Promise<boolean> => {
    const { deleted } = await images.prune(options)
    return deleted.includes(image.id)
  }
  assert.not(await without({}))
  for (const options of [{ inUse: [use(image, false)] }, { label: ['team=red'] }, { label: ['team', 'other'] }, { labelNot: ['team'] }, { until: new Date('2024-01-01') }]) {
    assert.not(await without({ all: true, ...options }), JSON.stringify(options))
  }
  assert.ok(await without({ all: true, label: ['team', 'team=blue'], labelNot: ['team=red'], until: new Date('2025-01-01') }))
  assert.equal(images.blobs.list(), [])
})

rootTest(test, 'what is held is not pruned', async () => {
  const images = store()
  const { digest } = await images.blobs.write([Buffer.from('half of a pull')])
  await images.holding([digest], async () => {
    await store().prune({ all: true })
    assert.ok(images.blobs.has(digest))
  })
  await images.prune()
  assert.not(images.blobs.has(digest))
})

rootTest(test, 'a layer that appears while a prune waits for its turn is held, too', async () => {
  const images = store()
  const bytes = await archive(member('file', 'text'))
  const { chainId } = await images.layers.add({ diffId: digestOf(bytes), source: [bytes] })
  const chain = images.layers.path('chains', hexOf(chainId))
  renameSync(chain, path('aside'))
  await images.holding([chainId], async () => {
    const { pruning } = await locked(images.layers.path('lock'), async () => {
      const pruning = store().prune()
      await setTimeout(200)
      renameSync(path('aside'), chain) // as a pull does, which has the lock
      return { pruning }
    })
    await pruning
    assert.ok(images.layers.get(chainId))
  })
})

rootTest(test, 'fifteen thousand names are no damage', async () => {
  const images = store()
  const image = await twoLayers(images)
  const file = path('store/images/index.json')
  const index = JSON.parse(readFileSync(file, 'utf8')) as { manifests: { annotations: object }[] }
  const [one] = index.manifests
  const more = Array.from({ length: 15_000 }, (_, i) => ({ ...one, annotations: { 'org.opencontainers.image.ref.name': `docker.io/library/box:more-${i}` } }))
  writeFileSync(file, JSON.stringify({ ...index, manifests: [...index.manifests, ...more] }, undefined, 2))
  assert.ok(readFileSync(file).length > 4 * 1024 * 1024)
  assert.is(images.find('box:more-14999').id, image.id)
  assert.is((await images.tag(image, parseReference('box:2'))).names.length, 15_002)
})

rootTest(test, 'what a registry calls one image is not the name of another', async () => {
  const images = store()
  const [first, second] = [await twoLayers(images), await twoLayers(images, 'box:2', 'two')]
  const digest = digestOf('an index for two machines')
  await images.pushed(first, parseReference('box:1'), digest)
  await images.pushed(second, parseReference('box:2'), digest)
  assert.equal([first, second].map(({ id }) => images.find(id).repoDigests), [[], [`box@${digest}`]])
  assert.is(images.find(`box@${digest}`).id, second.id)
})

rootTest(test, 'the newest is first, and last what does not say when it was made', async () => {
  const images = store()
  const times = ['2022-01-01T00:00:00Z', undefined, '2024-01-01T00:00:00Z', undefined, '2023-01-01T00:00:00Z', '2021-01-01T00:00:00Z', undefined]
  for (const [i, created] of times.entries()) {
    await createImage(images, { steps: [{ comment: String(i) }], config: { os: 'linux', architecture: 'amd64', ...(created && { created }) } })
  }
  assert.equal(images.list().map(({ created }) => created?.slice(0, 4)), ['2024', '2023', '2022', '2021', undefined, undefined, undefined])
})

rootTest(test, 'a name that could be the beginning of an id is given to no image', async () => {
  const images = store()
  const image = await twoLayers(images)
  for (const name of ['sha256', 'sha256:abc', `docker.io/library/sha256:${'a'.repeat(64)}`]) {
    assert.match((await rejected(images.tag(image, parseReference(name)))).message, /^reference: expected a name, which sha256: is not, got "sha256:\w+"$/)
  }
  const { mediaType, digest } = image.manifest
  await rejected(images.put(images.blobs.read(digest), mediaType, { reference: parseReference('sha256:abc') }))
  assert.equal(images.find(image.id).repoTags, ['box:1'])
})

rootTest(test, 'damage is found, and told by name; the image can be removed and made again', async () => {
  const images = store()
  const image = await twoLayers(images)
  writeFileSync(images.blobs.path(image.id), 'x', { flag: 'r+' })
  const problems = await store().check()
  assert.ok(problems.some((line) => line.startsWith(`blob ${image.id}: expected its content`)), problems.join('\n'))
  assert.ok(problems.some((line) => line.startsWith('image "docker.io/library/box:1": blob')), problems.join('\n'))
  const again = store()
  assert.throws(() => again.find('box:1'), /^No such image: box:1$/)
  await again.remove('box:1')
  await again.prune()
  assert.equal((await twoLayers(again)).id, image.id)
  assert.equal(await again.check(), [])
})

rootTest(test, 'what is left of a damaged image stays until somebody removes it, and goes with all of its names then', async () => {
  const images = store()
  const image = await twoLayers(images)
  await images.tag(image, parseReference('box:2'))
  const blobs = images.blobs.list().toSorted()
  await twoLayers(images, 'other:1', 'other')
  writeFileSync(images.blobs.path(image.id), 'x', { flag: 'r+' })
  const again = store()
  await again.prune({ all: true })
  assert.equal(again.blobs.list().toSorted(), blobs)
  assert.equal((await again.remove('docker.io/library/box:1')).untagged, ['box:1', 'box:2'])
  assert.equal(again.blobs.list(), [])
})

rootTest(test, 'a blob and a layer that are missing are told', async () => {
  const images = store()
  const image = await twoLayers(images)
  await images.layers.prune([image.layers[0] as Digest])
  assert.equal(await images.check(), [`image "docker.io/library/box:1": layer ${image.layers[1]} is missing`])
  const blob = images.blobs.list().find((digest) => images.blobs.read(digest)[0] === 0x1f) as Digest
  await images.blobs.remove(blob)
  assert.ok((await images.check()).some((line) => line.endsWith(`blob ${blob} is missing`)))
})

rootTest(test, 'a manifest without its blobs is refused, and nothing is listed', async () => {
  const [images, other] = [store(), store('other')]
  const image = await twoLayers(images)
  const bytes = images.blobs.read(image.manifest.digest)
  assert.match((await rejected(other.put(bytes, image.manifest.mediaType))).message, `blob ${image.id}: expected a file, got none`)
  assert.equal([other.list(), other.blobs.list()], [[], []])
})

rootTest(test, 'an index.json that is damaged is told with its path', async () => {
  const images = store()
  await twoLayers(images)
  const file = path('store/images/index.json')
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 50))
  assert.throws(() => images.list(), /index.json": index: expected JSON/)
  assert.match((await images.check()).join('\n'), 'index: expected JSON')
})

test('an empty store is an empty store, and makes no directory', () => {
  const images = store()
  assert.equal([images.list(), images.blobs.list(), images.layers.list()], [[], [], []])
  assert.not(existsSync(path('store')))
  rmSync(path('store'), { force: true, recursive: true })
})

test.run()
