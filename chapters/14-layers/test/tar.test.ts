// Archives: what Debian's tar writes in each of its formats is read as it was; what is written here, it reads; and nonsense is refused.
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, createReadStream, ftruncateSync, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ArchiveError, readTar, type Entry } from '@pocker/layers'
import { decodeName, encodeName } from '@pocker/syscalls'
import { readRecords, writeRecords } from '../src/tar/pax.ts'
import { readHeader, writeHeader } from '../src/tar/header.ts'
import { archive, member } from './given.ts'

const dir = mkdtempSync(join(tmpdir(), 'pocker-tar-'))
test.after(() => rmSync(dir, { recursive: true }))

const LONG = 'long/'.repeat(60) + 'name'
mkdirSync(join(dir, 'in/dir'), { recursive: true })
mkdirSync(join(dir, 'in', LONG, '..'), { recursive: true })
writeFileSync(join(dir, 'in/file'), 'hello\n', { mode: 0o640 })
writeFileSync(join(dir, 'in', LONG), 'x'.repeat(1000))
writeFileSync(join(dir, 'in/ümläut'), '')
linkSync(join(dir, 'in/file'), join(dir, 'in/link'))
symlinkSync('../somewhere', join(dir, 'in/symlink'))
symlinkSync('t'.repeat(300), join(dir, 'in/far'))
execFileSync('mkfifo', [join(dir, 'in/fifo')])
const hole = openSync(join(dir, 'in/sparse'), 'w')
for (let i = 0; i < 30; i++) writeSync(hole, `part ${i}`, i * 1_000_000)
ftruncateSync(hole, 50_000_000)
closeSync(hole)
for (const name of ['in/file', 'in/dir']) utimesSync(join(dir, name), 1, 1_234_567_890.5)

interface Whole { readonly entry: Entry; readonly bytes: Buffer }
async function all(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Map<string, Whole>> {
  const found = new Map<string, Whole>()
  for await (const { entry, data } of readTar(source)) {
    const bytes = Buffer.alloc(entry.size)
    let [segment, at] = [0, entry.segments?.[0]?.offset ?? 0]
    for await (const chunk of data()) {
      for (let rest = chunk; rest.length > 0;) {
        const { offset = 0, size = entry.size } = entry.segments?.[segment] ?? {}
        const part = rest.subarray(0, offset + size - at)
        part.copy(bytes, at)
        rest = rest.subarray(part.length)
        at += part.length
        if (at === offset + size && entry.segments) at = entry.segments[++segment]?.offset ?? 0
      }
    }
    found.set(entry.path.replace(/\/$/, ''), { entry, bytes })
  }
  return found
}
const tar = (...words: string[]): Buffer => execFileSync('tar', ['-C', join(dir, 'in'), ...words], { maxBuffer: 1 << 27 })

const FORMATS: readonly (readonly [string, ...string[]])[] = [
  ['gnu'], ['gnu', '--sparse'], ['oldgnu', '--sparse'], ['pax'], ...['0.0', '0.1', '1.0'].map((version) => ['pax', '--sparse', `--sparse-version=${version}`] as const),
]
for (const [format, ...more] of FORMATS) {
  test(`what tar --format=${[format, ...more].join(' ')} writes is read as it was`, async () => {
    const found = await all([tar(`--format=${format}`, ...more, '-c', '.')])
    const entry = (name: string) => found.get(`./${name}`)?.entry
    for (const name of ['file', LONG, 'ümläut', 'sparse']) assert.ok(found.get(`./${name}`)?.bytes.equals(readFileSync(join(dir, 'in', name))), name)
    assert.is(found.get('./sparse')?.entry.segments !== undefined, more.length > 0)
    const { uid, gid } = lstatSync(join(dir, 'in/file'))
    assert.equal([entry('file')?.type, entry('file')?.mode, entry('file')?.uid, entry('file')?.gid, entry('file')?.mtime],
      ['file', 0o640, uid, gid, 1_234_567_890_000_000_000n + (format === 'pax' ? 500_000_000n : 0n)])
    assert.equal([entry('dir')?.type, entry('fifo')?.type, entry('symlink')?.target, entry('far')?.target], ['directory', 'fifo', '../somewhere', 't'.repeat(300)])
    const links = [entry('file'), entry('link')].map((one) => one?.target).filter(Boolean)
    assert.equal(links, [entry('link')?.type === 'link' ? './file' : './link'])
  })
}

test('however the bytes come, the same is read', async () => {
  const bytes = tar('--format=pax', '--sparse', '-c', 'file', 'sparse', LONG)
  const whole = await all([bytes])
  for (const step of [1, 511, 513, 10_000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => bytes.subarray(i * step, (i + 1) * step))
    assert.equal(await all(pieces), whole)
  }
})

test('what nobody reads is passed over', async () => {
  const names: string[] = []
  for await (const { entry, data } of readTar([tar('-c', LONG, 'file')])) {
    names.push(entry.path)
    for await (const _ of data()) break
  }
  assert.equal(names, [LONG, 'file'])
})

test('what is written is read again, and Debian\'s tar reads it, too', async () => {
  const members = [
    member({ path: 'dir/', type: 'directory', mode: 0o1777 }), member({ path: 'dir/file', uid: 1000, gid: 70_000_000, mtime: 1_000_000_001n }, Buffer.from('text')),
    member({ path: LONG, mtime: -1n, xattrs: { 'security.capability': Buffer.from([1, 0, 10]), 'user.b': Buffer.from('v') } }, Buffer.alloc(5000, 7)),
    member({ path: 'ümläut', type: 'symlink', target: 'x'.repeat(200) }), member({ path: 'link', type: 'link', target: 'dir/file' }),
    member({ path: 'null', type: 'character', major: 1, minor: 3 }), member({ path: 'odd\udcff\nname' }),
  ]
  const bytes = await archive(...members)
  assert.equal(await archive(...members), bytes)
  const read = [...(await all([bytes])).values()].map((one) => one.entry)
  assert.equal(read, members.map((one) => one.entry))
  const { status, stdout, stderr } = spawnSync('tar', ['-tv', '--quoting-style=escape', '--numeric-owner', '--utc', '--full-time'], { input: bytes, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  assert.match(stdout, /^drwxrwxrwt 0\/0 +0 1970-01-01 00:00:00 dir\/\n-rw-r--r-- 1000\/70000000 +4 1970-01-01 00:00:01.000000001 dir\/file\n/)
  assert.match(stdout, /odd\\377\\nname\n$/)
})

test('only a file has data, whatever the header of a directory says', async () => {
  const bytes = await archive(member({ path: 'x'.repeat(99) + '/' }, 'data'))
  assert.equal([...(await all([bytes])).values()].map(({ entry: { type, size }, bytes: data }) => [type, size, data.length]), [['directory', 0, 0]])
})

test('a record with nothing in it leaves the header as it is', async () => {
  const pax = await archive(member({ path: 'x'.repeat(120), uid: 7 }))
  const about = Buffer.from(pax.subarray(0, 1024)) // a header x and its data, of the same length
  const said = Buffer.concat([writeRecords([['path', Buffer.from('')], ['uid', Buffer.from('')]])])
  about.fill(0, 512)
  said.copy(about, 512)
  const header = readHeader(about.subarray(0, 512)) as NonNullable<ReturnType<typeof readHeader>>
  const bytes = Buffer.concat([writeHeader({ ...header, size: said.length }) as Buffer, about.subarray(512), await archive(member({ path: 'short', uid: 7 }))])
  assert.equal([...(await all([bytes])).values()].map(({ entry: { path, uid } }) => [path, uid]), [['short', 7]])
})

test('a ustar header without its version has a prefix, too', () => {
  const block = writeHeader({ flag: '0', name: Buffer.from('name'), mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, target: Buffer.from(''), major: 0, minor: 0 }) as Buffer
  block.write('dir', 345)
  block.write('\0\0', 263)
  block.write(`${block.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0).toString(8).padStart(6, '0')}\0 `, 148)
  assert.is(String(readHeader(block)?.name), 'dir/name')
})

test('a map of holes that is cut off, or without end, is refused', async () => {
  const bytes = tar('--format=oldgnu', '--sparse', '-c', 'sparse')
  const told = (source: Buffer): Promise<string> => all([source]).then(() => 'read', (error: Error) => error.message)
  for (const end of [512, 1024]) assert.is(await told(bytes.subarray(0, end)), 'archive: entry 1, "sparse": expected more bytes, got its end: it was cut off')
  const records = tar('--format=pax', '--sparse', '-c', 'sparse')
  const map = 512 * Array.from({ length: 8 }, (_, i) => records.toString('latin1', 512 * i, 512 * i + 20)).findIndex((text) => /^\d+\n\d+\n/.test(text))
  records.write('9999999999\n', map)
  assert.is(await told(records), 'archive: entry 2, "sparse": sparse: expected at most 1048576 segments, got 9999999999')
})

test('a record that is said 170,000 times is read at once', () => {
  const records = readRecords(Buffer.from('6 a=b\n'.repeat(170_000)))
  assert.is(records.get('a')?.length, 170_000)
})

test('a header about all that follow costs nothing for what nobody reads', async () => {
  const said = Buffer.concat([writeRecords([['uid', Buffer.from('7')]]), ...Array.from({ length: 80_000 }, (_, i) => Buffer.from(`12 ${100_000 + i}=b\n`))])
  const about = writeHeader({ flag: 'g', name: Buffer.from('g'), mode: 0, uid: 0, gid: 0, size: said.length, mtime: 0, target: Buffer.from(''), major: 0, minor: 0 }) as Buffer
  const files = await archive(...Array.from({ length: 5000 }, (_, i) => member({ path: `${i}` })))
  const found = await all([about, said, Buffer.alloc((512 - said.length % 512) % 512), files])
  assert.equal([found.size, found.get('4999')?.entry.uid], [5000, 7])
})

test('a name is bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
    assert.equal(encodeName(decodeName(Buffer.from(bytes))), Buffer.from(bytes))
  }))
  for (const text of ['', 'plain', 'ümläut', '😀', 'a\udc80b', '😀\udcff']) assert.is(decodeName(encodeName(text)), text)
})

test('headers and records are what was written', () => {
  const number = fc.nat(0o7777)
  fc.assert(fc.property(fc.record({ mode: number, uid: number, gid: number, size: number, mtime: number, major: number, minor: number }, { noNullPrototype: true }), (numbers) => {
    const header = { flag: '0', name: Buffer.from('name'), target: Buffer.from(''), ...numbers }
    assert.equal(readHeader(writeHeader(header) as Buffer), header)
  }))
  const key = fc.string({ minLength: 1 }).filter((text) => !/[=\0]/.test(text) && Buffer.from(text).toString() === text)
  fc.assert(fc.property(fc.uniqueArray(fc.tuple(key, fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))), { selector: ([name]) => name }), (records) => {
    assert.equal([...readRecords(writeRecords(records))], records.map(([name, value]) => [name, [value]]))
  }))
})

test('nonsense is an ArchiveError, or entries; never a crash, nor an endless loop', async () => {
  const good = await archive(member({ path: LONG, mtime: 1n }, 'data'), member({ path: 'b' }))
  const bent = fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length)).map(([at, value, end]) => {
    const bytes = Buffer.from(good)
    bytes[at] = value
    const block = bytes.subarray(at - at % 512, at - at % 512 + 512)
    // The sum made right again, or every bent header would stop at it.
    if (at % 512 < 148 || at % 512 > 155) block.write(`${block.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    return bytes.subarray(0, end)
  })
  await fc.assert(fc.asyncProperty(fc.oneof(bent, fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))), async (bytes) => {
    try {
      await all([bytes])
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      assert.not.match(error.message, /\n/)
    }
  }), { numRuns: 1000 })
})

test('a file is read as it streams', async () => {
  const file = join(dir, 'a.tar')
  execFileSync('tar', ['-C', join(dir, 'in'), '-cf', file, '.'])
  assert.is((await all(createReadStream(file))).get('./symlink')?.entry.target, readlinkSync(join(dir, 'in/symlink')))
})

test.run()
