// Images out of Debian's packages.
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BUSYBOX, ensureBase, history, svg, tree } from '@pocker/images'
import { rootTest } from '@pocker/testing'
import { sh, twoLayers, workplace } from './given.ts'

const { path, store } = workplace(test)

rootTest(test, 'busybox is made of its package, and made again it is the same', async () => {
  const images = store()
  const { image, made, source } = await ensureBase(BUSYBOX, images)
  assert.ok(made)
  assert.match(source, /^Debian's package busybox-static /)
  assert.equal([image.repoTags, image.config.config?.Cmd, image.config.os], [['busybox:latest'], ['sh'], 'linux'])
  assert.ok((image.config.created ?? '') > '2020') // the day on which the package was built
  assert.match(image.config.config?.Env?.[0] ?? '', /^PATH=.*:\/bin$/)
  assert.is((await ensureBase(BUSYBOX, images)).made, false)
  assert.is((await ensureBase(BUSYBOX, store('other'))).image.manifest.digest, image.manifest.digest)
  const root = images.layers.directory(image.layers[0] ?? 'sha256:')
  assert.is(await sh(`chroot ${root} /bin/sh -c 'echo from busybox; ls /dev'`), 'from busybox\n')
  assert.ok(existsSync(`${root}/etc/passwd`))
})

rootTest(test, 'the pictures show each layer with its size, and steps without one', async () => {
  const image = await twoLayers(store(path('pictures').slice(path().length)))
  assert.is(tree(image), [
    `box:1  ${image.id.slice(7, 19)}  11B`,
    `├─ 5B  ${image.layers[0]?.slice(7, 19)}  ADD etc /`,
    `├─ 6B  ${image.layers[1]?.slice(7, 19)}  RUN echo second`,
    '└─ 0B  ·             CMD ["sh"]',
  ].join('\n'))
  const picture = svg(image)
  assert.is(picture.match(/<rect/g)?.length, 4) // two layers, the one of a container, and the paper
  assert.is(picture.match(/<line/g)?.length, 1)
  assert.match(picture, 'CMD [&#34;sh&#34;]')
  assert.is(history(image).length, 3)
})

test.run()
