// Digests, compression and locks: against Debian's sha256sum, gzip and zstd; and among processes.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decompressed, digestOf, gzipped, locked, parseDigest, Tally, tallied } from '@pocker/layers'

const dir = mkdtempSync(join(tmpdir(), 'pocker-content-'))
test.after(() => rmSync(dir, { recursive: true }))

async function whole(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const TEXT = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i} ${i * i}\n`).join(''))
const packed = (...words: [string, ...string[]]): Buffer => execFileSync(words[0], words.slice(1), { input: TEXT })

test('a digest is what sha256sum says, and the size is counted', async () => {
  const tally = new Tally()
  assert.equal(await whole(tallied([TEXT.subarray(0, 1000), TEXT.subarray(1000)], tally)), TEXT)
  const [sum] = packed('sha256sum').toString().split(' ')
  assert.equal([tally.digest, tally.size, digestOf(TEXT)], [`sha256:${sum}`, TEXT.length, `sha256:${sum}`])
  for (const wrong of ['', 'sha256:', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`, 7]) {
    assert.throws(() => parseDigest('layer', wrong), /^layer: expected sha256: and 64 hexadecimal digits, got /)
  }
})

const COMPRESSED: Readonly<Record<string, () => Buffer>> = {
  gzip: () => packed('gzip', '-9'), 'two members of gzip': () => Buffer.concat([packed('gzip'), packed('gzip')]),
  zstd: () => packed('zstd', '-19'), 'zstd without checksum': () => packed('zstd', '--no-check'),
  'zstd in frames, one to be skipped': () => Buffer.concat([packed('zstd'), Buffer.from('502a4d1803000000616263', 'hex'), packed('zstd')]),
  'zstd as pzstd writes it': () => Buffer.concat([Buffer.from('502a4d180400000061626364', 'hex'), packed('zstd')]),
  nothing: () => TEXT, 'less than a magic number': () => Buffer.from('ab'), 'no byte at all': () => Buffer.alloc(0),
}
for (const [name, make] of Object.entries(COMPRESSED)) {
  test(`${name} is decompressed, however it comes`, async () => {
    const bytes = make()
    const expected = name.includes('two') || name.includes('frames') ? Buffer.concat([TEXT, TEXT]) : bytes.length < 3 ? bytes : TEXT
    for (const step of [1 + bytes.length, 4096, bytes.length > 10_000 ? 997 : 1]) {
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length; at += step) pieces.push(bytes.subarray(at, at + step))
      assert.ok((await whole(decompressed(pieces))).equals(expected), `${step}`)
    }
  })
}

for (const tool of ['gzip', 'zstd'] as const) {
  test(`${tool} that is damaged or cut off is told in one line`, async () => {
    const bytes = packed(tool)
    const bent = Buffer.from(bytes)
    for (let i = 100; i < 200; i++) bent[i] = 0xff
    for (const wrong of [bent, bytes.subarray(0, 2000)]) {
      const told = await whole(decompressed([wrong])).then(() => 'nothing', (error: Error) => error.message)
      assert.match(told, new RegExp(`^archive: ${tool}: [^\\n]+$`))
    }
  })
}

test('a bomb of zstd goes off piece by piece', async () => {
  const block = Buffer.alloc(4) // one byte, 128 KiB times
  block.writeUIntLE((128 * 1024 << 3) | 2, 0, 3)
  const bomb = Buffer.concat([Buffer.from('28b52ffd0048', 'hex'), ...Array.from({ length: 16_000 }, () => block)]) // 2 GB
  const before = process.memoryUsage().arrayBuffers
  for await (const _ of decompressed([bomb])) break
  assert.ok(process.memoryUsage().arrayBuffers - before < 500 * 1024 ** 2)
})

test('what the source says goes through as it is, and who stops early lets the source go', async () => {
  for (const start of [packed('gzip'), packed('zstd'), TEXT]) {
    const ends: (() => void)[] = []
    const ended = (): Promise<void> => new Promise((resolve) => { ends.push(resolve) })
    const source = async function* (error?: Error): AsyncGenerator<Buffer, void> {
      try {
        for (;;) {
          yield start
          if (error) throw error
        }
      } finally {
        for (const end of ends) end()
      }
    }
    const first = ended()
    assert.is(await whole(decompressed(source(new Error('the line was cut')))).then(() => '', (error: Error) => error.message), 'the line was cut')
    await first
    const second = ended()
    for await (const _ of decompressed(source())) break
    await second
  }
})

test('the same bytes are compressed to the same bytes, and gzip reads them', async () => {
  const bytes = await whole(gzipped([TEXT]))
  assert.equal(await whole(gzipped([TEXT])), bytes)
  assert.ok(execFileSync('gzip', ['-dc'], { input: bytes }).equals(TEXT))
})

test('one at a time, among processes too; who is killed lets go', async () => {
  const file = join(dir, 'lock')
  const script = `import { locked } from '@pocker/layers'
    await locked(${JSON.stringify(file)}, async () => { console.log('has it'); await new Promise(() => setInterval(() => {}, 1e6)) })`
  const other = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname })
  await once(other.stdout, 'data')
  const order: string[] = []
  const mine = locked(file, async () => {
    order.push('one')
    await new Promise(setImmediate)
    order.push('one ends')
  })
  const second = mine.then(() => undefined)
  const third = locked(file, () => { order.push('other') })
  await new Promise(setImmediate)
  assert.equal(order, [])
  other.kill('SIGKILL')
  await Promise.all([second, third])
  assert.ok(['one,one ends,other', 'other,one,one ends'].includes(order.join()), order.join())
})

test.run()
