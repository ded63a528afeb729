// A disk that is full: one line that says so, and no more used than before.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '@pocker/layers'
import { importRootfs, load, openImages, save } from '@pocker/images'
import { rootTest } from '@pocker/testing'
import { all, archive, member, twoLayers } from './given.ts'

const SIZE = 4 * 1024 * 1024
let dir = ''
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocker-full-'))
  mkdirSync(join(dir, 'small'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'small', join(dir, 'small')])
})
test.after.each(() => {
  execFileSync('umount', [join(dir, 'small')])
  rmSync(dir, { recursive: true })
})

const used = (): number => {
  const { blocks, bfree, bsize } = statfsSync(join(dir, 'small'))
  return (blocks - bfree) * bsize
}
const rejected = async (body: Promise<unknown>): Promise<string> => body.then(() => 'no error', (error: Error) => error.message)
/** So that gzip cannot help. */
const noise = (length: number): Buffer => {
  let [state, bytes] = [1, Buffer.alloc(length)]
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647
    bytes[i] = state
  }
  return bytes
}

rootTest(test, 'a blob that does not fit is told, and takes no room', async () => {
  const { blobs } = openImages(join(dir, 'small'))
  const bytes = noise(2 * SIZE)
  const expected = { digest: digestOf(bytes), size: bytes.length }
  const chunks = (): Buffer[] => Array.from({ length: 16 }, (_, i) => bytes.subarray((i * bytes.length) / 16, ((i + 1) * bytes.length) / 16))
  const message = /^blob sha256:\w+: no space left on the disk of "[^"]+"; make room, or try: pocker image prune$/
  assert.match(await rejected(blobs.write(chunks(), expected)), message)
  assert.match(await rejected(blobs.fetch(expected, chunks)), message)
  assert.ok(used() < 100_000, `${used()} bytes are used`)
})

rootTest(test, 'neither a load nor an import that does not fit leaves anything, and what was there stays good', async () => {
  const images = openImages(join(dir, 'small'))
  const image = await twoLayers(images)
  const before = used()
  // It fits as an archive, but not as an archive and as files.
  const rootfs = await archive(member('big', noise(2.5 * 1024 * 1024)))
  assert.match(await rejected(importRootfs(images, [rootfs])), /ENOSPC|no space left/)
  const from = openImages(join(dir, 'from'))
  await importRootfs(from, [rootfs])
  const saved = await all(save(from, [from.list()[0]?.id ?? '']))
  assert.match(await rejected(load(images, saved)), /ENOSPC|no space left/)
  assert.ok(used() - before < 100_000, `${used() - before} more bytes are used`)
  assert.equal([await images.check(), images.list().map(({ id }) => id)], [[], [image.id]])
})

test.run()
