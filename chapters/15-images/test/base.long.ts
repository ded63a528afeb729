// Debian takes minutes, and its archive.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DEBIAN, ensureBase } from '@pocker/images'
import { rootTest } from '@pocker/testing'
import { sh, workplace } from './given.ts'

const { store } = workplace(test)

rootTest(test, 'debian is made of its packages, can install more, and made again it is the same', async () => {
  const images = store()
  const { image, source } = await ensureBase(DEBIAN, images)
  assert.match(source, /^Debian's packages, \w+, minbase$/)
  assert.equal([image.repoTags, image.config.config?.Cmd], [['debian:latest'], ['bash']])
  const root = images.layers.directory(image.layers[0] ?? 'sha256:')
  assert.match(await sh(`chroot ${root} bash -c 'apt-get --version; dpkg --audit; cat /etc/machine-id'`), /^apt \d/)
  assert.is((await ensureBase(DEBIAN, store('other'))).image.manifest.digest, image.manifest.digest)
})

test.run()
