// Lines that are cut at any byte, a hundred times; two at once; kill -9. What came is gone on with, and nothing false is kept.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReference } from '@pocker/images'
import { digestOf } from '@pocker/layers'
import { pull, push, RegistryError, type RegistryOptions } from '@pocker/registry'
import { rootTest } from '@pocker/testing'
import { cutter, dice, directory, dockerRegistry, expect, given, imageIn, OCI, parts, program, refused, registry, says, store, tidy, type Registry } from './given.ts'

interface Context { ours: Registry; theirs: { host: string; close: () => Promise<void> }; root: string; digest: string }
const test = suite<Context>('torn')
const LAYER = 400_000
const QUICK: RegistryOptions = { tries: 6, pause: 1, idle: 5000, credentials: () => undefined }

test.before(async (context) => {
  context.ours = await registry()
  context.theirs = await dockerRegistry()
  context.root = directory() // of a store with the image, from which the others are copied
  const images = store(context.root)
  context.digest = (await imageIn(images, 'torn:1', [LAYER], 'torn')).manifest.digest
  for (const { host } of [context.ours, context.theirs]) {
    await images.tag(images.find('torn:1'), parseReference(`${host}/torn:1`))
    await push(store(copied(context.root)), parseReference(`${host}/torn:1`), QUICK)
  }
})
test.after(async ({ ours, theirs }) => {
  await ours.close()
  await theirs.close()
  tidy()
})

function copied(root: string): string {
  const copy = directory()
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** The first few connections are cut, or all of them: then it may fail. */
const torn = (random: () => number, all: boolean, way: 'up' | 'down'): (() => { up: number; down: number }) => {
  let left = all ? Infinity : 4
  return () => ({ up: Infinity, down: Infinity, ...(left-- > 0 && { [way]: Math.floor(random() * 1.2 * LAYER) }) })
}

/** It did what was asked, or says in one line why not; `must`: it may not fail. @returns whether it did */
async function clean(promise: Promise<unknown>, must: boolean): Promise<boolean> {
  return await promise.then(() => true, (error: unknown) => {
    assert.ok(error instanceof RegistryError && !must, String(error))
    says((error as Error).message, /^[^\n]+$/)
    return false
  })
}

for (const which of ['ours', 'theirs'] as const) {
  test(`25 pulls from ${which === 'ours' ? 'our registry' : 'Debian\'s'} over torn lines: resumed, or failed cleanly, and the next one finishes`, async (context) => {
    const random = dice(which === 'ours' ? 1 : 2)
    const root = copied(context.root) // where the layer is unpacked already: it is about what comes over the line
    let [whole, resumed] = [0, 0]
    for (let i = 0; i < 25; i++) {
      rmSync(join(root, 'images'), { recursive: true })
      const line = await cutter(context[which].host, torn(random, i % 5 === 4, 'down'))
      const images = store(root)
      try {
        const done = await clean(pull(images, parseReference(`${line.host}/torn:1`), QUICK), i % 5 !== 4)
        whole += Number(done)
        assert.equal(await images.check(), [])
        if (!done) assert.equal(images.list(), [])
        const { length } = readdirSync(join(root, 'images/ingest'))
        resumed += Number(length > 0)
      } finally {
        await line.close()
      }
      const { image } = await pull(images, parseReference(`${context[which].host}/torn:1`), QUICK)
      assert.is(image.manifest.digest, context.digest)
      assert.equal([await images.check(), readdirSync(join(root, 'images/ingest'))], [[], []])
    }
    assert.ok(whole >= 20, `${whole} of 25`)
  })

  test(`25 pushes to ${which === 'ours' ? 'our registry' : 'Debian\'s'} over torn lines: resumed, or failed cleanly, and the next one finishes`, async (context) => {
    const random = dice(which === 'ours' ? 3 : 4)
    for (let i = 0; i < 25; i++) {
      const images = store(copied(context.root))
      const line = await cutter(context[which].host, torn(random, i % 5 === 4, i % 2 === 0 ? 'up' : 'down'))
      const path = `torn/push-${i}`
      try {
        await images.tag(images.find('torn:1'), parseReference(`${line.host}/${path}:1`))
        await clean(push(images, parseReference(`${line.host}/${path}:1`), QUICK), i % 5 !== 4)
      } finally {
        await line.close()
      }
      await images.tag(images.find('torn:1'), parseReference(`${context[which].host}/${path}:1`))
      await push(images, parseReference(`${context[which].host}/${path}:1`), QUICK)
      const url = `http://${context[which].host}/v2/${path}`
      const manifest = (await (await expect(200, `${url}/manifests/1`, { headers: { accept: OCI } })).json()) as { layers: { digest: string }[]; config: { digest: string } }
      for (const { digest } of [...manifest.layers, manifest.config]) {
        assert.is(digestOf(Buffer.from(await (await expect(200, `${url}/blobs/${digest}`)).arrayBuffer())), digest)
      }
    }
    if (which === 'ours') {
      const blobs = join(context.ours.root, 'blobs/sha256')
      for (const hex of readdirSync(blobs)) assert.is(digestOf(readFileSync(join(blobs, hex))), `sha256:${hex}`)
    }
  })
}

/** How often each layer was asked for. */
const requests = ({ log }: Registry, from: number): string[] => log.slice(from).filter(({ method, url }) => method === 'GET' && url.includes('/blobs/')).map(({ url }) => url)

const pulling = (root: string, name: string, rest = ''): string => `
  import { openImages, parseReference } from '@pocker/images'
  import { pull } from '@pocker/registry'
  const images = openImages(${JSON.stringify(root)})
  console.log('ready')
  const { status } = await pull(images, parseReference(${JSON.stringify(name)}), { credentials: () => undefined${rest} })
  console.log(status)`

test('of two processes that pull the same image at once, each layer comes once', async ({ ours }) => {
  await given(ours.url, 'twice', '1', await parts([300_000, 200_000, 100_000], { seed: 'twice' }))
  const [root, from] = [directory(), ours.log.length]
  const programs = [1, 2].map(() => program(pulling(root, `${ours.host}/twice:1`)))
  assert.equal(await Promise.all(programs.map(({ ended }) => ended)), [0, 0])
  const asked = requests(ours, from)
  assert.is(asked.length, 4, asked.join('\n'))
  assert.is(new Set(asked).size, 4)
  const images = store(root)
  assert.equal([images.list().length, images.layers.list().length, await images.check()], [1, 3, []])
})

test('two pulls in one process, too', async ({ ours }) => {
  await given(ours.url, 'both', '1', await parts([300_000, 200_000], { seed: 'both' }))
  const [images, from] = [store(), ours.log.length]
  const both = await Promise.all([1, 2].map(() => pull(images, parseReference(`${ours.host}/both:1`), QUICK)))
  assert.is(both[0]?.image.id, both[1]?.image.id)
  assert.is(new Set(requests(ours, from)).size, requests(ours, from).length)
})

test('a pull that is killed leaves nothing damaged; the next one goes on where it was', async ({ ours }) => {
  const image = await parts([6_000_000], { seed: 'killed' })
  await given(ours.url, 'killed', '1', image)
  const [root, size] = [directory(), image.layers[0]?.descriptor.size ?? 0]
  const part = join(root, 'images/ingest', image.layers[0]?.descriptor.digest.slice('sha256:'.length) ?? '')
  const random = dice(5)
  for (let round = 0; round < 3; round++) {
    let stuck: (() => void) | undefined
    const waits = new Promise<void>((resolve) => { stuck = resolve })
    const most = 1_500_000 + Math.floor(random() * 400_000)
    const line = await cutter(ours.host, () => ({ up: Infinity, down: Infinity }), () => stuck?.(), most)
    const { kill, ended } = program(pulling(root, `${line.host}/killed:1`))
    await waits
    while (!existsSync(part) || statSync(part).size < 1_000_000) await new Promise(setImmediate)
    kill()
    await ended
    await line.close()
    const images = store(root)
    assert.equal([images.list(), await images.check()], [[], []])
  }
  const [there, from] = [statSync(part).size, ours.log.length]
  assert.ok(there >= 1_000_000 && there < size, `${there} of ${size}`)
  const images = store(root)
  let first: number | undefined
  await pull(images, parseReference(`${ours.host}/killed:1`), { ...QUICK, progress: ({ status, current }) => { if (status === 'Downloading') first ??= current } })
  assert.is(first, there)
  assert.ok(ours.log.slice(from).some(({ url, status }) => url.includes('/blobs/') && status === 206))
  assert.equal(await images.check(), [])
})

rootTest(test as never, 'a disk that is full is said in one line, and nothing half is stored', async () => {
  const server = await registry()
  const mount = directory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'pocker-test', mount])
  try {
    const image = await parts([3_000_000], { seed: 'full' })
    await given(server.url, 'full', '1', image)
    const images = store(mount)
    says(await refused(pull(images, parseReference(`${server.host}/full:1`), QUICK)), /blob sha256:\w+: no space left on the disk of .*; make room, or try: pocker image prune/)
    assert.equal([images.list(), await images.check(), readdirSync(join(mount, 'images/ingest'))], [[], [], []])
    const full = await registry({ root: join(mount, 'registry') })
    try {
      const response = await fetch(`${full.url}/v2/full/blobs/uploads/?digest=${image.layers[0]?.descriptor.digest}`, { method: 'POST', body: image.layers[0]?.bytes ?? '' })
      assert.is(response.status, 507)
      assert.not.ok(existsSync(join(mount, 'registry/blobs/sha256', image.layers[0]?.descriptor.digest.slice(7) ?? '')))
      await expect(200, `${full.url}/v2/`)
    } finally {
      await full.close()
    }
  } finally {
    execFileSync('umount', [mount])
    await server.close()
  }
})

test.run()
