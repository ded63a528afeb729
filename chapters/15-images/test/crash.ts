// kill -9 in front of any change: the store is as it was, or as it should be; `check` finds nothing, and the next try ends well.
//
//   crashTests(test, { of: 9 })   → a test for each verb that tries one of nine changes
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readdirSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { importRootfs, load, openImages, parseReference, save, type Images } from '@pocker/images'
import { rootTest } from '@pocker/testing'
import type { Test } from 'uvu'
import { archive, member, twoLayers, workplace } from './given.ts'

const CHILD = fileURLToPath(new URL('crash.child.ts', import.meta.url))
/** Of bytes that gzip makes small: what takes time shall be files. */
const rootfs = async (): Promise<Buffer> => await archive(member('big', Buffer.alloc(300_000, 'x')), ...Array.from({ length: 300 }, (_, i) => member(`file-${i}`, `${i}`)))

interface Verb {
  readonly verb: 'load' | 'import' | 'rmi' | 'prune'
  readonly prepare: (images: Images) => Promise<unknown>
  /** What it looks like behind the kill, and that it can be done once more. */
  readonly finish: (images: Images) => Promise<void>
}

/** What `find` would show, and should not when all is done. */
function leftovers({ blobs, layers }: Images): string[] {
  const namesIn = (directory: string): string[] => readdirSync(directory).map((name) => `${directory}/${name}`)
  return [...namesIn(`${blobs.root}/ingest`), ...namesIn(blobs.root).filter((name) => name.endsWith('.new')), ...namesIn(`${layers.root}/staged`)]
}

async function savedTo(file: string, from: Images): Promise<string> {
  const { id } = await twoLayers(from)
  await pipeline(save(from, ['box:1']), createWriteStream(file))
  return id
}

export function crashTests(test: Test, { of }: { of: number }): void {
  const { path, store } = workplace(test)

  /** @param change which to die in front of; none, if it is 0. @param after milliseconds, if it is killed from outside */
  async function run(verb: string, change: number, after = Infinity): Promise<{ lived: boolean; changes: number; took: number }> {
    const file = path(verb === 'load' ? 'save.tar' : 'rootfs.tar')
    const env = { ...process.env, FORCE_COLOR: undefined }
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, path('store'), verb, file, String(change)], { stdio: ['ignore', 'pipe', 'inherit'], env })
    const ended = once(child, 'close')
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { said += chunk })
    await Promise.race([once(child.stdout, 'data'), ended])
    const began = performance.now()
    if (after < Infinity) await Promise.race([setTimeout(after), ended]).then(() => child.kill('SIGKILL'))
    const [code, signal] = await ended as [number | null, string | null]
    assert.ok(code === 0 || signal === 'SIGKILL', `${verb} ended with ${code ?? signal}`)
    return { lived: code === 0, changes: Number(said.replace('ready', '')), took: performance.now() - began }
  }

  async function begin({ prepare }: Verb): Promise<void> {
    const images = store()
    await images.prune({ all: true })
    await prepare(images)
  }

  async function isSound({ finish }: Verb, when: string): Promise<void> {
    const images = store()
    assert.equal(await images.check(), [], when)
    await finish(images)
    assert.equal(await images.check(), [], when)
    await images.prune()
    assert.equal(leftovers(images), [], when)
  }

  async function sweep(verb: Verb): Promise<void> {
    await begin(verb)
    const { changes } = await run(verb.verb, 0)
    let killed = 0
    for (let change = 1 + Math.floor(of / 2); change <= changes; change += of) {
      await begin(verb)
      const { lived } = await run(verb.verb, change)
      if (!lived) killed++
      await isSound(verb, `${verb.verb}, killed in front of change ${change} of ${changes}`)
    }
    // A run that has to wait for a lock makes more changes than one that has not.
    assert.ok(killed >= 0.5 * Math.floor(changes / of), `${verb.verb}: killed ${killed} times, ${changes} changes`)
  }

  rootTest(test, 'a load that is killed', async () => {
    const id = await savedTo(path('save.tar'), openImages(path('from')))
    await sweep({
      verb: 'load', prepare: async () => {}, finish: async (images) => {
        assert.ok(images.list().every((image) => image.id === id && image.repoTags[0] === 'box:1'))
        const [loaded] = await load(images, createReadStream(path('save.tar')))
        assert.equal([loaded?.image.id, images.list().length], [id, 1])
      },
    })
  })

  const importing = async (images: Images): Promise<string> =>
    (await importRootfs(images, createReadStream(path('rootfs.tar')), { reference: parseReference('imported:1'), created: new Date(0) })).id

  rootTest(test, 'an import that is killed', async () => {
    writeFileSync(path('rootfs.tar'), await rootfs())
    const id = await importing(openImages(path('from')))
    const verb: Verb = {
      verb: 'import', prepare: async () => {}, finish: async (images) => {
        assert.ok(images.list().every((image) => image.id === id))
        assert.is(await importing(images), id)
      },
    }
    await sweep(verb)
    // And while it is another process that makes the files.
    await begin(verb)
    const { took } = await run('import', 0)
    for (let part = 1; part <= 4; part++) {
      await begin(verb)
      await run('import', 0, (took * part) / 5)
      await isSound(verb, `import, killed after ${part} fifths`)
    }
  })

  rootTest(test, 'an rmi that is killed', async () => {
    const id = await savedTo(path('save.tar'), openImages(path('from')))
    await sweep({
      verb: 'rmi', prepare: async (images) => await load(images, createReadStream(path('save.tar'))), finish: async (images) => {
        if (images.list().length > 0) assert.is(images.find('box:1').id, id)
        if (images.list().length > 0) await images.remove('box:1')
        await images.prune()
        assert.equal([images.list(), images.blobs.list(), images.layers.list()], [[], [], []])
      },
    })
  })

  rootTest(test, 'a prune that is killed', async () => {
    await savedTo(path('save.tar'), openImages(path('from')))
    await sweep({
      verb: 'prune', prepare: async (images) => await load(images, createReadStream(path('save.tar'))), finish: async (images) => {
        await images.prune({ all: true })
        assert.equal([images.list(), images.blobs.list(), images.layers.list()], [[], [], []])
      },
    })
  })
}
