// The words of --ipc and --shm-size.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseIpcMode, parseSize } from '@pocker/ipc'

test('--ipc is parsed as Docker writes it; without it, a container has its own', () => {
  for (const word of ['none', 'private', 'shareable', 'host']) assert.is(parseIpcMode(word), word)
  for (const nothing of [undefined, '']) assert.is(parseIpcMode(nothing), 'private')
  assert.equal(parseIpcMode('container:42'), { join: 42 })
})

test('another --ipc is refused in one line that says what there is', () => {
  for (const wrong of ['Host', 'container:', 'container:x', 'container:0', 'container:1 2', '42', 'toString', 'a\nb']) {
    assert.throws(() => parseIpcMode(wrong), (error: Error) => error.message ===
      `--ipc: expected none, private, shareable, host, or container: and the number of one of its processes, got ${JSON.stringify(wrong)}`)
  }
})

test('--shm-size takes what Docker takes: a unit of 1024, its b or ib if you like, and fractions', () => {
  const sizes: Readonly<Record<string, number>> = {
    '1': 1, '65536': 65536, '64b': 64, '64k': 65536, '64K': 65536, '64kb': 65536, '64KiB': 65536, '64m': 67108864, '64MB': 67108864,
    '64 m': 67108864, '1g': 2 ** 30, '1.5g': 1.5 * 2 ** 30, '.5k': 512, '1.k': 1024, '2t': 2 ** 41, '0.0009765625k': 1, '1.9': 1,
  }
  for (const [text, bytes] of Object.entries(sizes)) assert.is(parseSize(text), bytes, text)
})

test('another size is refused in one line; so is 0, which would mean no limit', () => {
  for (const wrong of ['', '0', '0k', '0.1', '-1', '+1', 'm', '64x', '64mm', '64bb', '64ib', '6 4', '1e3', '0x10', '1.2.3', '.', ' 1', '9p9', '9999p', '1m\n']) {
    assert.throws(() => parseSize(wrong), (error: Error) => error.message ===
      `size: expected a number of bytes above 0, such as 65536, 64m or 1.5g, got ${JSON.stringify(wrong)}`, wrong)
  }
})

test.run()
