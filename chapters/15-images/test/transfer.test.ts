// Archives: what is saved is loaded again, to the byte; what old tools wrote, too; and what is broken changes nothing.
import { writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyChanges, exportRootfs, history, importRootfs, inspect, load, OCI_INDEX, OCI_MANIFEST, parseReference, save, writeManifest, type Images } from '@pocker/images'
import { digestOf, hexOf, type Member } from '@pocker/layers'
import { rootTest } from '@pocker/testing'
import { all, archive, CREATED, gzip, member, oldArchive, sh, twoLayers, workplace } from './given.ts'

const { path, store } = workplace(test)
const saved = async (images: Images, ...texts: string[]): Promise<Buffer> => Buffer.concat(await all(save(images, texts)))
const rejected = async (body: Promise<unknown>): Promise<Error> => body.then(() => { throw new Error('expected an error, got none') }, (error: Error) => error)

rootTest(test, 'what is saved is loaded again: the same ids, names, manifests', async () => {
  const [from, to] = [store(), store('other')]
  const [one, two] = [await twoLayers(from), await twoLayers(from, 'localhost:5000/two:2', 'two')]
  await from.tag(one, parseReference('another/name:x'))
  const bytes = await saved(from, 'box:1', 'another/name', two.id, 'localhost:5000/two')
  const loaded = await load(to, [bytes])
  assert.equal(loaded.map(({ image, names }) => [image.id, image.manifest.digest, [...names]]), [
    [one.id, one.manifest.digest, ['box:1', 'another/name:x']], [two.id, two.manifest.digest, ['localhost:5000/two:2']],
  ])
  assert.equal(await to.check(), [])
  assert.equal(to.list().map(({ size, layers }) => [size, layers]), from.list().map(({ size, layers }) => [size, layers]))
  assert.equal(to.blobs.list().toSorted(), from.blobs.list().toSorted())
})

rootTest(test, 'saved twice, it is the same bytes; by its id, it has no name', async () => {
  const images = store()
  const image = await twoLayers(images)
  const bytes = await saved(images, image.id)
  assert.ok(bytes.equals(await saved(store(), image.id.slice(7, 19))))
  assert.equal((await load(store('other'), [bytes])).map(({ names }) => names), [[]])
})

rootTest(test, 'what is not here is told before the first byte is asked for; a repository needs no tag', async () => {
  const images = store()
  await twoLayers(images)
  assert.throws(() => save(images, ['box:1', 'nosuch']), /^No such image: nosuch:latest$/)
  assert.equal((await load(store('other'), save(images, ['box']))).map(({ names }) => [...names]), [['box:1']])
})

rootTest(test, 'what is removed just before it is saved is told before the first byte', async () => {
  const images = store()
  await twoLayers(images)
  const bytes = save(images, ['box:1'])
  await store().remove('box:1')
  assert.match((await rejected(bytes.next())).message, /^blob sha256:\w+: expected a file, got none; pull or load its image again$/)
})

rootTest(test, 'an image whose config is damaged is whole again, once it is removed and loaded', async () => {
  const images = store()
  const image = await twoLayers(images)
  const bytes = await saved(images, 'box:1')
  writeFileSync(images.blobs.path(image.id), 'x', { flag: 'r+' })
  const again = store()
  await again.remove('box:1')
  assert.is((await load(again, [bytes]))[0]?.image.id, image.id)
  assert.equal(await again.check(), [])
})

rootTest(test, 'an image is removed while it is loaded once more: it is there', async () => {
  const images = store()
  const image = await twoLayers(images)
  const bytes = await saved(images, 'box:1')
  const slowly = async function* () {
    yield bytes.subarray(0, -2048) // all of the blobs, which are here
    await store().remove('box:1')
    yield bytes.subarray(-2048)
  }
  assert.is((await load(images, slowly()))[0]?.image.id, image.id)
  assert.equal(await images.check(), [])
})

rootTest(test, 'compressed, in small pieces, and twice at once', async () => {
  const [from, to] = [store(), store('other')]
  const image = await twoLayers(from)
  const bytes = gzip(await saved(from, 'box:1'))
  const pieces = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) => bytes.subarray(100 * i, 100 * i + 100))
  const results = await Promise.all([load(to, pieces), load(store('other'), pieces)])
  assert.equal(results.map(([loaded]) => loaded?.image.id), [image.id, image.id])
  assert.equal(await to.check(), [])
})

for (const [what, options] of [['as files', {}], ['with links', { links: true }], ['without names', { tags: null }]] as const) {
  rootTest(test, `an archive of an old Docker, ${what}`, async () => {
    const images = store()
    const [loaded, ...more] = await load(images, [await oldArchive(options)])
    assert.equal([loaded?.names, more], ['tags' in options ? [] : ['old:1'], []])
    assert.equal(loaded?.image.size, 6)
    assert.equal(loaded?.image.config.config, { Cmd: ['cat', '/file'] })
    assert.equal(await images.check(), [])
    const { image } = loaded as NonNullable<typeof loaded>
    assert.equal(history(image).map(({ id, createdBy, size }) => [id, createdBy, size]), [[image.id, 'two', 3], ['<missing>', 'one', 3]])
    assert.equal((inspect(image)['Config'] as { Cmd: string[] }).Cmd, ['cat', '/file'])
  })
}

/** An OCI layout of the parts of an image, which the test changes. */
async function layout(change: (parts: { config: Buffer; layer: Buffer; manifest: Buffer; index: Record<string, unknown> }) => Member[] | void = () => {}): Promise<Buffer> {
  const layer = await archive(member('file', 'text'))
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', created: CREATED, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }))
  const of = (bytes: Buffer) => ({ digest: digestOf(bytes), size: bytes.length })
  const manifest = writeManifest(of(config), [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...of(layer) }])
  const index = { schemaVersion: 2, manifests: [{ mediaType: OCI_MANIFEST, ...of(manifest), annotations: { 'org.opencontainers.image.ref.name': 'example.com/a:1' } }] }
  const parts = { config, layer, manifest, index }
  const members = change(parts)
  const blobs = [parts.config, parts.layer, parts.manifest].map((bytes) => member(`blobs/sha256/${hexOf(digestOf(bytes))}`, bytes))
  return await archive(...members ?? [...blobs, member('index.json', JSON.stringify(parts.index)), member('oci-layout', '{"imageLayoutVersion":"1.0.0"}')])
}

rootTest(test, 'an OCI archive, also if its index is one of indexes; a tag alone is no name', async () => {
  assert.equal((await load(store(), [await layout()])).map(({ names }) => names), [['example.com/a:1']])
  const nested = await layout(({ config, layer, manifest, index }) => {
    const platforms = [['s390x', digestOf('elsewhere')], [{ x64: 'amd64' }[process.arch as string] ?? process.arch, digestOf(manifest)], ['unknown', digestOf('attestation')]]
    const inner = Buffer.from(JSON.stringify({ ...index, manifests: platforms.map(([architecture, digest]) =>
      ({ mediaType: OCI_MANIFEST, digest, size: manifest.length, platform: { os: architecture === 'unknown' ? 'unknown' : 'linux', architecture } })) }))
    const outer = { schemaVersion: 2, manifests: [{ mediaType: OCI_INDEX, digest: digestOf(inner), size: inner.length, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }] }
    return [...[config, layer, manifest, inner].map((bytes) => member(`./blobs/sha256/${hexOf(digestOf(bytes))}`, bytes)), member('index.json', JSON.stringify(outer))]
  })
  assert.equal((await load(store('nested'), [nested])).map(({ names }) => names), [[]])
  const error = await rejected(load(store('other'), [nested], { platform: { os: 'linux', architecture: 'riscv64' } }))
  assert.match(error.message, /^platform: expected an image for linux\/riscv64, got one for linux\/\w+, linux\/s390x; try: --platform linux\/\w+$/)
})

/** What is wrong with it, and what it says. */
const BROKEN: readonly (readonly [what: string, make: () => Promise<Buffer>, message: RegExp])[] = [
  ['nothing', async () => Buffer.alloc(0), /^archive: expected index.json or manifest.json, got neither; for a root file system, try: pocker import$/],
  ['no archive', async () => Buffer.from('x'.repeat(1024)), /^archive: entry 1: /],
  ['half of one', async () => (await oldArchive()).subarray(0, 3000), /^archive: .*cut off/],
  ['half of gzip', async () => gzip(await oldArchive()).subarray(0, 200), /^archive: gzip: /],
  ['a blob that is not what its name says', () => layout(({ config, layer, manifest, index }) =>
    [...[config, manifest].map((bytes) => member(`blobs/sha256/${hexOf(digestOf(bytes))}`, bytes)), member(`blobs/sha256/${hexOf(digestOf(layer))}`, 'other'), member('index.json', JSON.stringify(index))]),
  /^blob sha256:\w+: expected its content, got that of sha256:\w+$/],
  ['a blob that is missing', () => layout(({ manifest, index }) => [member(`blobs/sha256/${hexOf(digestOf(manifest))}`, manifest), member('index.json', JSON.stringify(index))]), /^archive: expected a blob sha256:\w+, got none$/],
  ['an index that is no JSON', () => layout(() => [member('index.json', '{')]), /^index: expected JSON, got "\{"$/],
  ['an index of another version', () => layout(() => [member('index.json', '{"schemaVersion": 1, "manifests": []}')]), /^index: schemaVersion: expected 2, got 1$/],
  ['an index without images', () => layout(() => [member('index.json', '{"schemaVersion": 2, "manifests": []}')]), /^archive: expected an image, got an archive without one$/],
  ['a name that is none', () => layout(({ index }) => { Object.assign((index['manifests'] as object[])[0] as object, { annotations: { 'io.containerd.image.name': 'A/B:1\n' } }) }), /^reference: expected [^\n]*$/],
  ['a layer that is not what the config says', async () => (await oldArchive()).map((byte) => byte) && await layout(({ layer, config, manifest, index }) => {
    const lie = Buffer.from(config.toString().replace(digestOf(layer), digestOf('a lie')))
    const lying = Buffer.from(manifest.toString().replace(digestOf(config), digestOf(lie)))
    return [...[lie, layer, lying].map((bytes) => member(`blobs/sha256/${hexOf(digestOf(bytes))}`, bytes)),
      member('index.json', JSON.stringify(index).replace(digestOf(manifest), digestOf(lying)))]
  }), /^archive: expected sha256:\w+, got sha256:\w+$/],
  ['a manifest.json with a file that is missing', () => archive(member('manifest.json', '[{"Config":"../../etc/passwd","Layers":[]}]')), /^archive: expected a file "..\/..\/etc\/passwd", got none$/],
  ['a manifest.json that is a list of numbers', () => archive(member('manifest.json', '[1]')), /^manifest.json: \[0\]: expected an object, got 1$/],
  ['too many links', async () => gzip(await archive(...Array.from({ length: 20_001 }, (_, i) => member(`${i}`, '', { type: 'symlink', target: 'x' })))), /^archive: expected at most 20000 files$/],
  ['a machine with a name of a megabyte', async () => {
    const config = JSON.stringify({ architecture: 'x'.repeat(2 ** 20), os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
    return await archive(member('config.json', config), member('manifest.json', '[{"Config":"config.json","Layers":[]}]'))
  }, /^config: architecture: expected at most 128 characters, got "x{79}…$/],
  ['links in a circle', () => archive(member('manifest.json', '', { type: 'symlink', target: 'b' }), member('b', '', { type: 'symlink', target: 'manifest.json' })), /^archive: expected index.json or manifest.json/],
]

for (const [what, make, message] of BROKEN) {
  rootTest(test, `${what} is refused in one line, and leaves nothing`, async () => {
    const images = store()
    const error = await rejected(load(images, [await make()]))
    assert.match(error.message, message)
    assert.equal([images.list(), images.blobs.list(), images.layers.list()], [[], [], []])
    await sh(`test -z "$(find ${path('store')} -path '*/ingest/*' -o -path '*/holds/*' -o -path '*/staged/*')"`)
  })
}

rootTest(test, 'a root file system is imported, with changes, and exported as it was', async () => {
  const images = store()
  await sh(`mkdir -p ${path('tree/bin')}; echo text > ${path('tree/bin/sh')}; ln -s sh ${path('tree/bin/bash')}; touch -d @1000000000 ${path('tree/bin/sh')}`)
  const bytes = Buffer.concat(await all(exportRootfs(path('tree'))))
  const changes = ['CMD ["sh", "-c", "x"]', 'ENV A=1 B="two words"', 'EXPOSE 80 53/udp', 'WORKDIR /srv', 'workdir www', 'LABEL a=b', 'USER 1000', 'VOLUME ["/data"]', 'STOPSIGNAL SIGINT', 'ONBUILD RUN x']
  const options = { reference: parseReference('mine:1'), changes, message: 'from a test', created: new Date(CREATED) }
  const image = await importRootfs(images, [gzip(bytes)], options)
  assert.equal(image.config.rootfs.diff_ids, [digestOf(bytes)])
  assert.equal(image.config.config, {
    Cmd: ['sh', '-c', 'x'], Env: ['A=1', 'B=two words'], ExposedPorts: { '53/udp': {}, '80/tcp': {} }, WorkingDir: '/srv/www', Labels: { a: 'b' },
    User: '1000', Volumes: { '/data': {} }, StopSignal: 'SIGINT', OnBuild: ['RUN x'],
  })
  assert.equal(history(image), [{ id: image.id, created: CREATED, createdBy: '', size: 5, comment: 'from a test', tags: ['mine:1'], layer: digestOf(bytes) }])
  assert.equal((await importRootfs(store('other'), [bytes], options)).manifest.digest, image.manifest.digest)
})

test('a new entrypoint has no use for the command of the image below; a range of ports is all of them', () => {
  const below = { Entrypoint: ['old'], Cmd: ['for', 'old'] }
  assert.equal(applyChanges(below, ['ENTRYPOINT ["new"]']), { Entrypoint: ['new'] })
  assert.equal(applyChanges(below, ['ENTRYPOINT ["new"]', 'USER me', 'CMD ["for", "new"]']), { Entrypoint: ['new'], User: 'me', Cmd: ['for', 'new'] })
  assert.equal(applyChanges(below, ['CMD ["for", "new"]', 'entrypoint ["new"]']), { Entrypoint: ['new'], Cmd: ['for', 'new'] })
  assert.equal(applyChanges({}, ['EXPOSE 80-82/udp 7']).ExposedPorts, { '80/udp': {}, '81/udp': {}, '82/udp': {}, '7/tcp': {} })
  assert.throws(() => applyChanges({}, ['EXPOSE 82-80']), /^change: expected a port such as 80\/tcp, got "82-80"$/)
})

rootTest(test, 'an import that fails leaves nothing', async () => {
  const images = store()
  assert.match((await rejected(importRootfs(images, [Buffer.from('no archive'.repeat(100))]))).message, /^archive: entry 1: /)
  assert.match((await rejected(importRootfs(images, [Buffer.alloc(1024)], { changes: ['RUN x'] }))).message, /^change: expected one of CMD, ENTRYPOINT, .*, got "RUN x"$/)
  assert.equal([images.list(), images.blobs.list(), images.layers.list()], [[], [], []])
})

rootTest(test, 'an image is loaded while it is pruned', async () => {
  const [from, to] = [store(), store('other')]
  const image = await twoLayers(from)
  const bytes = await saved(from, 'box:1')
  const slowly = async function* () {
    for (let at = 0; at < bytes.length; at += 2000) {
      await to.prune()
      yield bytes.subarray(at, at + 2000)
    }
  }
  const loading = load(store('other'), slowly())
  const ended = loading.then(() => true, () => true)
  while (!await Promise.race([ended, setTimeout(30, false)])) await to.prune()
  const [loaded] = await loading
  assert.is(loaded?.image.id, image.id)
  assert.equal(await to.check(), [])
})

test.run()
