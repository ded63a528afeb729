// Other tools of the trade, as Debian has them: what they write is read here, what is written here is read by them, and all agree
// about digests.
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BUSYBOX, ensureBase, history, load, save, type Image, type Images } from '@pocker/images'
import { decompressed, hexOf, unpack } from '@pocker/layers'
import { rootTest } from '@pocker/testing'
import { sh, twoLayers, workplace } from './given.ts'

const { path, store } = workplace(test)
const saved = async (images: Images, ...texts: string[]): Promise<string> => {
  await pipeline(save(images, texts), createWriteStream(path('saved.tar')))
  return path('saved.tar')
}
const loaded = async (images: Images, file: string): Promise<Image[]> => (await load(images, createReadStream(file))).map(({ image }) => image)
const skopeo = (words: string): Promise<string> => sh(`echo '{"default":[{"type":"insecureAcceptAnything"}]}' > ${path('policy.json')}; skopeo --policy ${path('policy.json')} ${words}`)
/** Podman takes no path of more than 50 letters for it. */
let run = ''
test.before.each(() => { run = mkdtempSync('/tmp/podman-') })
test.after.each(() => rmSync(run, { recursive: true }))
/** Podman and buildah with a storage of their own. */
const own = (): string => `--root ${path('podman/root')} --runroot ${run} --storage-driver vfs`
const podman = (words: string): Promise<string> =>
  sh(`mkdir -p ${path('tmp')}; TMPDIR=${path('tmp')} podman ${own()} --cgroup-manager cgroupfs --events-backend file --tmpdir ${path('podman/tmp')} ${words}`)
const buildah = (words: string): Promise<string> => sh(`mkdir -p ${path('tmp')}; TMPDIR=${path('tmp')} buildah ${own()} ${words}`)

/** Files with their owners, modes, sizes and times. */
const listing = (directory: string): Promise<string> => sh(`find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%T@|%l\n' | sort; find . -type f -exec sha256sum {} + | sort`, directory)

rootTest(test, 'skopeo reads the store as it lies there', async () => {
  const images = store()
  const { image } = await ensureBase(BUSYBOX, images)
  const said = JSON.parse(await skopeo(`inspect oci:${images.blobs.root}:docker.io/library/busybox:latest`))
  assert.equal([said.Digest, said.Layers.length, said.Env, said.Os], [image.manifest.digest, 1, image.config.config?.Env, 'linux'])
  await skopeo(`copy oci:${images.blobs.root}:docker.io/library/busybox:latest oci:${path('copy')}:here`)
  assert.ok(readFileSync(join(path('copy'), 'blobs/sha256', hexOf(image.id))).equals(images.blobs.read(image.id)))
})

rootTest(test, 'skopeo reads what is saved, as a Docker archive and as an OCI archive; and what it writes is loaded', async () => {
  const images = store()
  const image = await twoLayers(images)
  const file = await saved(images, 'box:1')
  for (const source of [`docker-archive:${file}:docker.io/library/box:1`, `oci-archive:${file}:docker.io/library/box:1`]) {
    await skopeo(`copy ${source} dir:${path('dir')}`)
    const { config } = JSON.parse(readFileSync(path('dir/manifest.json'), 'utf8'))
    assert.is(config.digest, image.id)
    const kinds = { docker: `docker-archive:${path('theirs.tar')}:docker.io/library/box:2`, oci: `oci-archive:${path('theirs.tar')}:docker.io/library/box:2` }
    for (const [kind, target] of Object.entries(kinds)) {
      await sh(`rm -f ${path('theirs.tar')}`)
      await skopeo(`copy ${source} ${target}`)
      const other = store(`${kind}-${source.slice(0, 4)}`)
      const [again] = await loaded(other, path('theirs.tar'))
      assert.equal([again?.repoTags, again?.size, again?.layers], [['box:2'], image.size, image.layers])
      assert.equal(again?.config.config, image.config.config)
      // From one format into the other, skopeo writes a new config.
      if (source.startsWith(kind)) assert.is(again?.id, image.id)
      assert.equal(await other.check(), [])
    }
  }
})

rootTest(test, 'layers that skopeo has compressed with zstd are the same layers', async () => {
  const images = store()
  const image = await twoLayers(images)
  const file = await saved(images, 'box:1')
  await skopeo(`copy --dest-compress-format zstd oci-archive:${file}:docker.io/library/box:1 oci-archive:${path('zstd.tar')}:docker.io/library/box:1`)
  const other = store('other')
  const [again] = await loaded(other, path('zstd.tar'))
  assert.match(other.blobs.read(again?.manifest.digest ?? image.id).toString(), /tar\+zstd/)
  assert.equal([again?.layers, again?.id], [image.layers, image.id])
})

rootTest(test, 'umoci unpacks our image as we do, and what umoci made is loaded', async () => {
  const images = store()
  const { image } = await ensureBase(BUSYBOX, images)
  // umoci takes tags only: an image is copied to where it has a short name.
  await skopeo(`copy oci:${images.blobs.root}:docker.io/library/busybox:latest oci:${path('layout')}:base`)
  await sh(`umoci unpack --image ${path('layout')}:base ${path('bundle')}`)
  mkdirSync(path('ours'), { recursive: true })
  const { layers } = JSON.parse(images.blobs.read(image.manifest.digest).toString())
  await unpack(decompressed(images.blobs.open(layers[0].digest)), path('ours/root'))
  assert.is(await listing(path('ours/root')), await listing(path('bundle/rootfs')))
  await sh(`echo new > ${path('bundle/rootfs/etc/new')}; rm ${path('bundle/rootfs/etc/group')}
    umoci repack --image ${path('layout')}:next ${path('bundle')}; umoci config --image ${path('layout')}:next --config.cmd cat --config.label a=b
    tar -C ${path('layout')} -cf ${path('layout.tar')} .`)
  const other = store('other')
  const [first, second] = await loaded(other, path('layout.tar'))
  assert.is(first?.id, image.id)
  assert.equal([second?.config.config?.Cmd, second?.config.config?.Labels, second?.layers.length], [['cat'], { a: 'b' }, 2])
  assert.equal(await other.check(), [])
})

rootTest(test, 'podman loads what is saved here, runs nothing else of it, and gives it back', async () => {
  const images = store()
  const image = await twoLayers(images)
  const file = await saved(images, 'box:1')
  await podman(`load -q -i ${file}`)
  const [said] = JSON.parse(await podman('image inspect docker.io/library/box:1'))
  assert.is(`sha256:${said.Id}`, image.id)
  assert.equal(said.RootFS.Layers, image.config.rootfs.diff_ids)
  for (const format of ['docker-archive', 'oci-archive']) {
    await sh(`rm -f ${path('back.tar')}`)
    await podman(`save -q --format ${format} -o ${path('back.tar')} docker.io/library/box:1`)
    const other = store(format)
    const [again] = await loaded(other, path('back.tar'))
    assert.equal([again?.repoTags, again?.layers], [['box:1'], image.layers])
    if (format === 'oci-archive') assert.is(again?.id, image.id)
    assert.equal(await other.check(), [])
  }
})

rootTest(test, 'an image that buildah made has its history and config here', async () => {
  const images = store()
  await ensureBase(BUSYBOX, images)
  const file = await saved(images, 'busybox')
  await buildah(`pull -q oci-archive:${file}`)
  const container = (await buildah('from --pull=never busybox')).trim()
  await buildah(`config --cmd '["cat", "/etc/passwd"]' --env A=1 --label x=y --port 80 --workingdir /srv --created-by 'a change' --history-comment 'why' ${container}`)
  await buildah(`commit -q ${container} made:1`)
  await buildah(`push -q made:1 docker-archive:${path('made.tar')}:localhost/made:1`)
  const [made] = await loaded(store('other'), path('made.tar'))
  const { Cmd, Env, Labels, ExposedPorts, WorkingDir } = made?.config.config ?? {}
  assert.equal([Cmd, Env?.includes('A=1'), Labels?.['x'], ExposedPorts, WorkingDir], [['cat', '/etc/passwd'], true, 'y', { 80: {} }, '/srv'])
  const [top, below] = history(made as Image)
  assert.equal([top?.createdBy, top?.id, below?.id], ['a change', made?.id, '<missing>'])
})

test.run()
