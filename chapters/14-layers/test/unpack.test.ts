// Unpacking: as Debian's tar does it; whiteouts in their notations; and archives that mean harm, which change nothing outside.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf, packTree, removeTree, unpack, unpackOnto, type Member } from '@pocker/layers'
import { rootTest } from '@pocker/testing'
import { archive, member } from './given.ts'

let dir = ''
test.before.each(() => { dir = mkdtempSync(join(tmpdir(), 'pocker-layers-')) })
test.after.each(() => rmSync(dir, { recursive: true }))
const into = (name = 'out'): string => join(dir, name)
const put = async (members: readonly Member[], options = {}): Promise<unknown> => unpack([await archive(...members)], into(), options)

/** All that `find` says of a directory, holes and attributes too. */
const listing = (root: string): string =>
  execFileSync('find', ['.', '-printf', '%P|%y|%m|%U:%G|%s|%T@|%l|%n\n'], { cwd: root, encoding: 'utf8' }).split('\n').toSorted().join('\n')

rootTest(test, 'what tar packed is unpacked as tar does it', async () => {
  const source = join(dir, 'in')
  mkdirSync(join(source, 'a/b/c'), { recursive: true })
  const script = `echo text > a/file; ln a/file a/b/link; ln -s ../file a/b/symlink; mkfifo -m 600 a/fifo; mknod a/null c 1 3; mknod a/disk b 300 70000
    touch -d '1999-01-01 00:00:00.123456789' a/old; touch -h -d @5 a/b/symlink; chmod 4755 a/file; chmod 1777 a/b; chown 1000:70000 a/file a/b/symlink
    truncate -s 10M a/hole; printf x | dd of=a/hole bs=1 seek=5000000 conv=notrunc status=none; touch -d @9 a/b/c a`
  execFileSync('sh', ['-ec', script], { cwd: source })
  for (const format of [['--format=pax', '--sparse'], ['--format=gnu', '--sparse']]) {
    const bytes = execFileSync('tar', ['-C', source, ...format, '-c', '.'], { maxBuffer: 1 << 26 })
    mkdirSync(into('theirs'))
    execFileSync('tar', ['-xp', '--numeric-owner', '-C', into('theirs')], { input: bytes })
    await unpack([bytes], into())
    assert.is(listing(into()), listing(into('theirs')))
    assert.is(lstatSync(join(into(), 'a/disk')).rdev, lstatSync(join(into('theirs'), 'a/disk')).rdev)
    assert.ok(lstatSync(join(into(), 'a/hole')).blocks < 100)
    for (const name of ['out', 'theirs']) rmSync(into(name), { recursive: true })
  }
})

rootTest(test, 'extended attributes, and the capabilities of a program, outlive the change of its owner', async () => {
  const cap = Buffer.from('0100000200040000000000000000000000000000', 'hex') // cap_net_bind_service=ep
  await put([member({ path: 'ping', uid: 1000, mode: 0o755, xattrs: { 'security.capability': cap, 'user.note': Buffer.from('v') } }, 'x')])
  const said = execFileSync('python3', ['-c', 'import os, sys; print(os.getxattr(sys.argv[1], "security.capability").hex(), os.getxattr(sys.argv[1], "user.note"))', join(into(), 'ping')], { encoding: 'utf8' })
  assert.is(said.trim(), `${cap.toString('hex')} b'v'`)
})

rootTest(test, 'whiteouts as files, and as overlayfs has them', async () => {
  const members = [
    member({ path: 'etc/', type: 'directory' }), member({ path: 'etc/kept' }), member({ path: 'etc/gone' }), member({ path: 'etc/.wh.gone' }),
    member({ path: 'dir/', type: 'directory' }), member({ path: 'dir/own' }), member({ path: 'dir/.wh..wh..opq' }), member({ path: '.wh..wh.plnk/1.2' }),
    member({ path: 'missing/parent/file' }),
  ]
  await put(members)
  assert.equal(readdirSync(into(), { recursive: true, encoding: 'utf8' }).toSorted(),
    ['dir', 'dir/own', 'etc', 'etc/kept', 'missing', 'missing/parent', 'missing/parent/file'])
  rmSync(into(), { recursive: true })
  await put(members, { notation: 'overlay' })
  const gone = lstatSync(join(into(), 'etc/gone'))
  assert.equal([gone.isCharacterDevice(), gone.rdev], [true, 0])
  const opaque = (name: string): string => execFileSync('python3', ['-c', `import os, sys; print(os.getxattr(sys.argv[1], "${name}"))`, join(into(), 'dir')], { encoding: 'utf8' })
  assert.is(opaque('trusted.overlay.opaque').trim(), "b'y'")
})

rootTest(test, 'an opaque directory hides what was below, in copies too, whether its own files came before it or after', async () => {
  mkdirSync(join(into(), 'dir/!sub'), { recursive: true })
  for (const name of ['dir/low', 'dir/!sub/low']) writeFileSync(join(into(), name), '')
  const members = [member({ path: 'dir/!sub/own' }), member({ path: 'dir/.wh..wh..opq' }), member({ path: 'dir/own' })]
  await unpackOnto([await archive(...members)], into())
  assert.equal(readdirSync(into(), { recursive: true, encoding: 'utf8' }).toSorted(), ['dir', 'dir/!sub', 'dir/!sub/own', 'dir/own'])
})

rootTest(test, 'a directory in the place of a whiteout is a new one', async () => {
  const directory = (path: string) => member({ path, type: 'directory', mode: 0o755 })
  await put([member({ path: '.wh.a' }), directory('a/'), member({ path: '.wh.b' }), member({ path: 'b/file' }), directory('c/')], { notation: 'overlay' })
  const script = 'import os, sys; print(*[os.listxattr(sys.argv[1] + name) for name in ("/a", "/b", "/c")])'
  assert.is(execFileSync('python3', ['-c', script, into()], { encoding: 'utf8' }), "['trusted.overlay.opaque'] ['trusted.overlay.opaque'] []\n")
})

rootTest(test, 'a directory that the same archive takes away again has no time to be set', async () => {
  const directory = (path: string) => member({ path, type: 'directory' })
  await put([directory('a/'), member({ path: '.wh.a' }), directory('b/'), directory('b/c/'), member({ path: 'b' }, 'text')])
  assert.equal(readdirSync(into()), ['b'])
})

rootTest(test, 'a time before 1970 stays what it is', async () => {
  const times = [-5_000_000_000n, -5_500_000_000n]
  await put(times.flatMap((mtime, i) => [member({ path: `${i}`, mtime }), member({ path: `${i}/`, type: 'directory', mtime }), member({ path: `s${i}`, type: 'symlink', target: 'x', mtime })]))
  assert.equal(['0', 's0', '1', 's1'].map((name) => lstatSync(join(into(), name), { bigint: true }).mtimeNs), times.flatMap((time) => [time, time]))
})

rootTest(test, 'marks of overlayfs in an archive are a stranger\'s: none is set', async () => {
  const mark = Buffer.from('/secret')
  await put([member({ path: 'door/', type: 'directory', xattrs: { 'trusted.overlay.redirect': mark, 'user.overlay.redirect': mark, 'security.selinux': mark, 'user.note': mark } })], { notation: 'overlay' })
  const script = 'import os, sys; print(os.listxattr(sys.argv[1]))'
  assert.is(execFileSync('python3', ['-c', script, join(into(), 'door')], { encoding: 'utf8' }), "['user.note']\n")
})

rootTest(test, 'a file has no attributes but its own: none of its directory\'s default ACL', async () => {
  const rules = [[1, 7, -1], [2, 7, 1000], [4, 5, -1], [16, 7, -1], [32, 5, -1]].map(([tag = 0, may = 0, id = 0]) => {
    const rule = Buffer.alloc(8)
    rule.writeUInt16LE(tag)
    rule.writeUInt16LE(may, 2)
    rule.writeInt32LE(id, 4)
    return rule
  })
  const xattrs = { 'system.posix_acl_default': Buffer.concat([Buffer.from([2, 0, 0, 0]), ...rules]) }
  await put([member({ path: './', type: 'directory', mode: 0o755, xattrs: { 'user.note': Buffer.from('v') } }), member({ path: 'dir/', type: 'directory', mode: 0o755, mtime: 5_000_000_000n, xattrs }), member({ path: 'dir/file' })])
  const script = 'import os, sys; print(*[os.listxattr(sys.argv[1] + name) for name in ("", "/dir", "/dir/file")])'
  assert.is(execFileSync('python3', ['-c', script, into()], { encoding: 'utf8' }), "['user.note'] ['system.posix_acl_default'] []\n")
  assert.is(lstatSync(join(into(), 'dir')).mtimeMs, 5000)
  rmSync(into(), { recursive: true })
  const refused = put([member({ path: 'dir/', type: 'directory', xattrs: { 'nonsense': Buffer.from('v') } })])
  assert.is(await refused.then(() => '', (error: Error) => error.message), 'archive: "dir/": EOPNOTSUPP')
})

rootTest(test, 'in a user namespace devices are left out, and an owner that it has not is told', async () => {
  const unpacked = async (...members: readonly Member[]): Promise<string> => {
    const script = `import { unpack } from '@pocker/layers'
      console.log(await unpack(process.stdin, ${JSON.stringify(into())}).then(({ entries }) => String(entries), (error) => error.message))`
    return execFileSync('unshare', ['--user', '--map-root-user', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script],
      { input: await archive(...members), encoding: 'utf8', cwd: import.meta.dirname })
  }
  assert.is(await unpacked(member({ path: 'dev/null', type: 'character', major: 1, minor: 3 }), member({ path: 'pipe', type: 'fifo' })), '2\n')
  assert.equal([readdirSync(into()), readdirSync(join(into(), 'dev'))], [['dev', 'pipe'], []])
  rmSync(into(), { recursive: true })
  assert.is(await unpacked(member({ path: 'shadow', gid: 42 })),
    'archive: "shadow": expected a user and a group that this user namespace has, got 0:42; see /etc/subuid and /etc/subgid\n')
})

rootTest(test, 'a file whose name would take another one away is not packed', async () => {
  mkdirSync(join(into(), 'etc'), { recursive: true })
  writeFileSync(join(into(), 'etc/.wh.motd'), '')
  const packed = async (): Promise<void> => { for await (const _ of packTree(into())); }
  assert.match(await packed().then(() => 'packed', (error: Error) => error.message), /^archive: "etc\/\.wh\.motd": expected a name that does not begin with \.wh\., /)
})

rootTest(test, 'a directory that is deeper than a path is long is removed', () => {
  mkdirSync(into())
  execFileSync('python3', ['-c', `import os, sys
os.chdir(sys.argv[1])
for i in range(100):
    os.mkdir('d' * 100); open('file', 'w'); os.chdir('d' * 100)`, into()])
  removeTree(into())
  assert.not.ok(existsSync(into()))
  removeTree(into())
})

rootTest(test, 'a source that says nothing more keeps nobody waiting', async () => {
  let end = (): void => {}
  const silence = new Promise<void>((resolve) => { end = resolve })
  const source = async function* (start: Buffer): AsyncGenerator<Buffer, void> {
    yield start
    await silence
  }
  const stop = new AbortController()
  const stopped = unpack(source(Buffer.alloc(0)), into(), { signal: stop.signal }).then(() => '', (error: Error) => error.message)
  stop.abort(new Error('stopped'))
  assert.is(await stopped, 'stopped')
  assert.match(await unpack(source(Buffer.from('x'.repeat(1024))), into()).then(() => '', (error: Error) => error.message), /^archive: entry 1: /)
  end()
})

const MEMBERS = { file: (path: string) => member({ path }, 'pwned'), link: (path: string, target: string) => member({ path, type: 'link', target }), symlink: (path: string, target: string) => member({ path, type: 'symlink', target }), directory: (path: string) => member({ path, type: 'directory' }) } as const
const { file, link, symlink, directory } = MEMBERS

/** Each would write to, link to, or remove OUTSIDE/secret. */
const HOSTILE: readonly (readonly [what: string, make: (outside: string) => readonly Member[], refused?: RegExp])[] = [
  ['.. at the front', () => [file('../outside/secret')], /expected a path within the layer/],
  ['.. in the middle', () => [file('a/../../outside/secret')], /expected a path within the layer/],
  ['.. at the end', () => [directory('a/..')], /expected a path within the layer/],
  ['an absolute path', (outside) => [file(`${outside}/secret`)]],
  ['an absolute path with two slashes', (outside) => [file(`/${outside}/secret`)]],
  ['an absolute symlink for a parent', (outside) => [symlink('a', outside), file('a/secret')], /EEXIST|ENOENT/],
  ['a symlink with .. for a parent', () => [symlink('a', '../outside'), file('a/secret')], /EEXIST|ENOENT/],
  ['a chain of symlinks', () => [symlink('a', '..'), symlink('b', 'a/outside'), file('b/secret')], /EEXIST|ENOENT/],
  ['a symlink in the place of a directory', () => [directory('a'), file('a/x'), symlink('a', '../outside'), file('a/secret')], /EEXIST|ENOENT/],
  ['a symlink in the place of the file', (outside) => [symlink('a', `${outside}/secret`), file('a')]],
  ['a directory in the place of a symlink', () => [symlink('a', '../outside'), directory('a'), file('a/secret')]],
  ['a hard link to a path outside', (outside) => [link('a', `${outside}/secret`), file('a')], /ENOENT/],
  ['a hard link with ..', () => [link('a', '../outside/secret')], /expected a path within the layer/],
  ['a hard link through a symlink', () => [symlink('s', '../outside'), link('a', 's/secret'), file('a')], /ENOENT/],
  ['a hard link to a symlink', (outside) => [symlink('s', `${outside}/secret`), link('a', 's'), file('a')]],
  ['a symlink through /proc', () => [symlink('a', '/proc/self/cwd'), file('a/secret')], /EEXIST|ENOENT/],
  ['a symlink to /proc/1/root', (outside) => [symlink('a', `/proc/1/root${outside}`), file('a/secret')], /EEXIST|ENOENT/],
  ['a whiteout with ..', () => [member({ path: 'a/.wh...' })], /expected a name behind/],
  ['a whiteout of a whole layer', () => [member({ path: '.wh..' })], /expected a name behind/],
  ['a whiteout through a symlink', () => [symlink('a', '../outside'), member({ path: 'a/.wh.secret' })], /EEXIST|ENOENT/],
  ['an opaque symlink', () => [symlink('a', '../outside'), member({ path: 'a/.wh..wh..opq' })], /EEXIST|ENOENT/],
  ['a directory named by a symlink with a slash', () => [symlink('a', '../outside'), member({ path: 'a/', type: 'directory', mode: 0o777 }), file('a/secret')]],
  ['the root as a file', () => [file('.')], /expected the root to be a directory/],
  ['the root as a symlink', () => [symlink('./', '../outside')], /expected the root to be a directory/],
  ['a name that is too long', () => [file(`${'a'.repeat(300)}`)], /ENAMETOOLONG/],
  ['a path that is too long', () => [file('a/'.repeat(3000) + 'b')], /expected at most 4096 bytes/],
  ['a symlink to itself for a parent', () => [symlink('a', 'a'), file('a/b')], /ELOOP|EEXIST/],
  ['a file for a parent', () => [file('a'), file('a/b')], /ENOTDIR|EEXIST/],
  ['the same file many times', () => Array.from({ length: 100 }, () => file('a'))],
  ['a device with a number that none has', () => [member({ path: 'd', type: 'block', major: 4095, minor: 1048575 })]],
  ['a name with line feeds and escapes', () => [file('a\nb\x1b[31m')]],
]
for (const [what, make, refused] of HOSTILE) {
  rootTest(test, `${what}: ${refused ? 'refused' : 'contained'}`, async () => {
    const outside = join(dir, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'secret'), 'secret')
    symlinkSync('secret', join(outside, 'link'))
    const before = listing(outside)
    const told = await put(make(outside)).then(() => 'unpacked', (error: Error) => error.message)
    assert.match(told, refused ?? /^unpacked$/)
    assert.not.match(told, /\n/)
    assert.is(existsSync(into()), refused === undefined)
    assert.is(listing(outside), before)
    assert.is(readFileSync(join(outside, 'secret'), 'utf8'), 'secret')
    assert.equal(readdirSync(dir).filter((name) => name !== 'out'), ['outside'])
  })
}

/** A header whose field is what it says, its sum made right. */
function bent(header: Buffer, at: number, bytes: Buffer): Buffer {
  const block = Buffer.from(header)
  bytes.copy(block, at)
  const sum = block.subarray(0, 512).reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
const big = (size: bigint): Buffer => {
  const bytes = Buffer.alloc(12)
  bytes.writeBigInt64BE(size, 4)
  if (size < 0n) bytes.fill(0xff, 0, 4)
  bytes[0] = (bytes[0] ?? 0) | 0x80
  return bytes
}
const [SIZE, NAME] = [124, 0]

const BENT: readonly (readonly [what: string, make: (good: Buffer) => Buffer, message: RegExp])[] = [
  ['a negative size', (good) => bent(good, SIZE, big(-1n)), /^archive: entry 1: size: expected a number of at least 0, got /],
  ['a size of 5 GiB, and no such bytes', (good) => bent(good, SIZE, big(5n << 30n)), /^archive: expected more bytes, got its end/],
  ['a size that no double holds', (good) => bent(good, SIZE, big(1n << 62n)), /^archive: entry 1: size: expected a number/],
  ['a size in letters', (good) => bent(good, SIZE, Buffer.from('zzz')), /^archive: entry 1: size: expected a number/],
  ['a name that is empty', (good) => bent(good, NAME, Buffer.alloc(100)), /^archive: .*expected a name without NUL, got ""$/],
  ['a sum that is wrong', (good) => { const bytes = Buffer.from(good); bytes[0] = 0x7a; return bytes }, /^archive: entry 1: expected a header whose sum is/],
]
for (const [what, make, message] of BENT) {
  rootTest(test, `${what}: refused`, async () => {
    const bytes = make(await archive(member({ path: 'a' }, 'text')))
    assert.match(await unpack([bytes], into()).then(() => 'unpacked', (error: Error) => error.message), message)
    assert.not.ok(existsSync(into()))
  })
}

rootTest(test, 'a name with a NUL in a pax record is refused, and one with a line feed is a name', async () => {
  const long = 'n'.repeat(200)
  const bytes = await archive(member({ path: long }))
  const at = bytes.indexOf(`path=${long}`)
  bytes[at + 50] = 0
  assert.match(await unpack([bytes], into()).then(() => 'unpacked', (error: Error) => error.message), /^archive: .*expected a name without NUL, got "n/)
  bytes[at + 50] = 0x0a
  await unpack([bytes], into())
  assert.equal(readdirSync(into()), [`${'n'.repeat(45)}\n${'n'.repeat(154)}`])
})

rootTest(test, 'a file of 5 GiB that is one hole takes no room', async () => {
  writeFileSync(join(dir, 'huge'), '')
  truncateSync(join(dir, 'huge'), 5 * 1024 ** 3)
  const bytes = execFileSync('tar', ['-C', dir, '--sparse', '--format=pax', '-c', 'huge'])
  assert.equal(await unpack([bytes], into()), { entries: 1, bytes: 5 * 1024 ** 3, diffId: digestOf(bytes) })
  const { size, blocks } = lstatSync(join(into(), 'huge'))
  assert.equal([size, blocks], [5 * 1024 ** 3, 0])
})

rootTest(test, 'what unpacks to more than was allowed is stopped, and a gzip that was cut off is told', async () => {
  const told = (bytes: Buffer): Promise<string> => unpack([bytes], into(), { most: 1_000_000 }).then(() => 'unpacked', (error: Error) => error.message)
  const bytes = gzipSync(await archive(member({ path: 'zeros' }, Buffer.alloc(50_000_000))))
  assert.is(await told(bytes), 'archive: expected at most 1000000 bytes, got more')
  const small = gzipSync(await archive(member({ path: 'a' }, randomBytes(10_000))))
  assert.match(await told(small.subarray(0, 5000)), /^archive: gzip: unexpected end of file$/)
  assert.not.ok(existsSync(into()))
})

rootTest(test, '100,000 entries', async () => {
  const members = Array.from({ length: 100_000 }, (_, i) => member({ path: `${i % 100}/${i}` }))
  assert.is((await unpack([await archive(...members)], into())).entries, 100_000)
  assert.is(readdirSync(join(into(), '7')).length, 1000)
})

rootTest(test, 'an archive that is too large, cut off, or no archive leaves nothing', async () => {
  const bytes = await archive(member({ path: 'a' }, Buffer.alloc(100_000)))
  const cases = [
    [bytes, { most: 50_000 }, 'archive: expected at most 50000 bytes, got more'], [bytes.subarray(0, 50_000), {}, 'archive: expected more bytes, got its end: it was cut off'],
    [Buffer.from('x'.repeat(1024)), {}, /^archive: entry 1: /],
  ] as const
  for (const [given, options, message] of cases) {
    const told = await unpack([given], into(), options).then(() => '', (error: Error) => error.message)
    if (typeof message === 'string') assert.is(told, message)
    else assert.match(told, message)
    assert.not.ok(existsSync(into()))
  }
})

test.run()
