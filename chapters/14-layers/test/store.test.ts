// Layers in the store, and containers on them: real mounts, in mount tables of their own.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busyboxRootfs } from '@pocker/chroot'
import { chainId, chainIds, digestOf, gzipped, Layers, overlay, packTree, readTar, Writables, type Digest, type Layer, type Member } from '@pocker/layers'
import { mounts } from '@pocker/mount'
import { command, plan, spawn as start } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'
import { archive, member } from './given.ts'

const shared = mkdtempSync(join(tmpdir(), 'pocker-store-'))
test.after(() => rmSync(shared, { recursive: true }))
let dir = ''
let layers: Layers
let writables: Writables
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocker-store-'))
  layers = new Layers(join(dir, 'layers'))
  writables = new Writables(layers)
})
test.after.each(() => rmSync(dir, { recursive: true }))

async function whole(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

let busybox: Promise<Buffer> | undefined
/** A root file system that programs run in. */
const base = (): Promise<Buffer> => busybox ??= (async () => {
  await busyboxRootfs(join(shared, 'busybox'))
  return whole(packTree(join(shared, 'busybox')))
})()

const layer = async (parent: Digest | undefined, ...members: readonly Member[]): Promise<Layer> => add(parent, await archive(...members))
const add = (parent: Digest | undefined, bytes: Buffer): Promise<Layer> => layers.add({ ...(parent && { parent }), diffId: digestOf(bytes), source: [bytes] })

/** What a shell in the container prints. */
function shell(name: string, script: string): string {
  const file = join(dir, 'output')
  const child = start(plan([mounts({ root: writables.root(name), mounts: [], maskedPaths: [], readonlyPaths: [] }), command({ argv: ['sh', '-c', `exec > /output 2>&1; ${script}`] })]))
  const { code } = child.waitSync()
  const path = existsSync(join(dir, 'layers/writable', name, 'diff/output')) ? join(dir, 'layers/writable', name, 'diff/output') : file
  const text = readFileSync(path, 'utf8')
  rmSync(path)
  return code === 0 ? text : `${text}exit ${code}\n`
}
const names = async (source: AsyncIterable<Uint8Array>): Promise<string[]> => {
  const found: string[] = []
  for await (const { entry } of readTar(source)) found.push(entry.path)
  return found
}

test('a chain ID names a layer and all below it', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((text) => digestOf(text)) as [Digest, Digest, Digest]
  assert.is(chainId(undefined, a), a)
  assert.equal(chainIds([a, b, c]), [a, digestOf(`${a} ${b}`), digestOf(`${digestOf(`${a} ${b}`)} ${c}`)])
})

rootTest(test, 'a layer is unpacked once, whatever stands on it, compressed or not', async () => {
  const bytes = await archive(member({ path: 'file' }, 'text'))
  const first = await add(undefined, bytes)
  assert.equal(first, { chainId: digestOf(bytes), diffId: digestOf(bytes), size: 4, short: first.short })
  const { ino } = statSync(join(layers.directory(first.chainId), 'file'))
  const again = await layers.add({ diffId: digestOf(bytes), source: gzipped([bytes]) })
  assert.equal([again, statSync(join(layers.directory(first.chainId), 'file')).ino], [first, ino])
  const upper = await layer(first.chainId, member({ path: 'other' }, 'xx'))
  assert.equal([upper.parent, upper.size], [first.chainId, 2])
  assert.equal(layers.stack(upper.chainId), [upper, first])
  assert.equal(readdirSync(join(dir, 'layers/staged')), [])
  assert.equal(new Layers(join(dir, 'layers')).list().length, 2)
})

rootTest(test, 'another digest, a broken archive, a missing parent: one line, and nothing stays', async () => {
  const bytes = await archive(member({ path: 'file' }, 'text'))
  const wrong = digestOf('other')
  const cases: readonly (readonly [Parameters<Layers['add']>[0], RegExp])[] = [
    [{ diffId: wrong, source: [bytes] }, new RegExp(`^archive: expected ${wrong}, got ${digestOf(bytes)}$`)],
    [{ diffId: digestOf(bytes), source: [bytes.subarray(0, 600)] }, /^archive: expected more bytes/],
    [{ diffId: digestOf(bytes), source: [bytes], most: 1000 }, /^archive: expected at most 1000 bytes, got more$/],
    [{ parent: wrong, diffId: digestOf(bytes), source: [bytes] }, /^layer: expected one of those that are there, got sha256:/],
  ]
  for (const [given, message] of cases) {
    assert.match(await layers.add(given).then(() => 'added', (error: Error) => error.message), message)
    assert.equal([layers.list(), existsSync(join(dir, 'layers/staged')) ? readdirSync(join(dir, 'layers/staged')) : []], [[], []])
  }
  await add(undefined, bytes)
})

rootTest(test, 'a container sees all layers as one tree, and writes to its own', async () => {
  const low = await add(undefined, await base())
  const middle = await layer(low.chainId, member({ path: 'etc/', type: 'directory', mode: 0o755 }), member({ path: 'etc/a' }, 'middle\n'), member({ path: 'etc/b' }, 'middle\n'), member({ path: 'dir/', type: 'directory', mode: 0o755 }), member({ path: 'dir/low' }))
  const top = await layer(middle.chainId, member({ path: 'etc/a' }, 'top\n'), member({ path: 'etc/.wh.b' }), member({ path: 'dir/', type: 'directory', mode: 0o755 }), member({ path: 'dir/.wh..wh..opq' }), member({ path: 'dir/top' }))
  await writables.create('box', top.chainId)
  assert.is(shell('box', 'cat /etc/a; ls /etc/b; ls /dir'), 'top\nls: /etc/b: No such file or directory\ntop\n')
  assert.is(shell('box', 'echo mine > /etc/a; rm /dir/top; rm -r /etc/ppp 2>/dev/null; cat /etc/a; ls /dir'), 'mine\n')
  await writables.create('other', top.chainId)
  assert.is(shell('other', 'cat /etc/a; ls /dir'), 'top\ntop\n')
  assert.is(readFileSync(join(layers.directory(top.chainId), 'etc/a'), 'utf8'), 'top\n')
  assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(dir))
})

rootTest(test, 'what changed becomes a layer, which another store unpacks to the same tree', async () => {
  const low = await add(undefined, await base())
  await writables.create('box', low.chainId)
  const script = `mkdir -m 1777 /new; echo text > /new/file; ln /new/file /new/link; ln -s file /new/symlink; mkfifo /new/fifo; chown 7:8 /new/file
    rm /bin/vi; rm -rf /home; mkdir /home; touch /home/fresh; chmod 600 /etc/passwd; touch -d @1000000000 /new/file /new/symlink`
  assert.is(shell('box', script), '')
  const bytes = await whole(writables.diff('box'))
  assert.equal(await whole(writables.diff('box')), bytes)
  const paths = await names(writables.diff('box'))
  for (const path of ['bin/', 'bin/.wh.vi', 'etc/', 'etc/passwd', 'home/', 'home/.wh..wh..opq', 'home/fresh', 'new/', 'new/fifo', 'new/file', 'new/link', 'new/symlink']) assert.ok(paths.includes(path), path)
  assert.not.ok(paths.some((path) => /busybox|^output/.test(path)), paths.join())
  const made = await writables.commit('box')
  assert.equal([made.diffId, made.parent], [digestOf(bytes), low.chainId])
  await writables.create('second', made.chainId)
  assert.is(shell('second', 'cat /new/link; stat -c "%a %u %g %h" /new/file; stat -c %a /new /etc/passwd; ls /bin/vi /home'),
    'text\n644 7 8 2\n1777\n600\nls: /bin/vi: No such file or directory\n/home:\nfresh\nexit 1\n')
  await writables.create('third', made.chainId)
  assert.equal(await names(writables.diff('third')), [])
})

rootTest(test, 'a directory that a layer does not describe stays as it was below', async () => {
  const low = await layer(undefined, member({ path: 'tmp/', type: 'directory', mode: 0o1777 }), member({ path: 'srv/', type: 'directory', mode: 0o750, uid: 7, gid: 8 }))
  const top = await layer(low.chainId, member({ path: 'tmp/a/b' }), member({ path: 'srv/file' }))
  const { mode, uid, gid } = statSync(join(layers.directory(top.chainId), 'srv'))
  assert.equal([mode & 0o7777, uid, gid, statSync(join(layers.directory(top.chainId), 'tmp')).mode & 0o7777], [0o750, 7, 8, 0o1777])
})

rootTest(test, 'without overlayfs, layers are copied: the same trees, and the same differences', async () => {
  mkdirSync(join(dir, 'layers'))
  writeFileSync(join(dir, 'layers/notation'), 'files')
  const low = await add(undefined, await base())
  const top = await layer(low.chainId, member({ path: 'etc/a' }, 'top\n'), member({ path: 'bin/.wh.vi' }), member({ path: 'home/', type: 'directory', mode: 0o755 }), member({ path: 'home/.wh..wh..opq' }))
  await writables.create('box', top.chainId)
  assert.is(shell('box', 'cat /etc/a; ls /bin/vi; echo new > /etc/b; rm /bin/ed; rm -r /home; mkdir /tmp/x; touch "/tmp/\u2028"'), 'top\nls: /bin/vi: No such file or directory\n')
  assert.equal(await names(writables.diff('box')), ['bin/', 'etc/', 'etc/b', 'tmp/', 'tmp/x/', 'tmp/\u2028', 'bin/.wh.ed', '.wh.home'])
  const made = await writables.commit('box')
  await writables.create('second', made.chainId)
  assert.is(shell('second', 'cat /etc/a /etc/b; ls /bin/ed /home; ls -d /tmp/x'), 'top\nnew\nls: /bin/ed: No such file or directory\nls: /home: No such file or directory\n/tmp/x\n')
})

rootTest(test, 'a store that was carried to another file system is read if it can be, and otherwise refused as a whole', async () => {
  const file = join(dir, 'layers/notation')
  const carried = (text: string) => {
    writeFileSync(file, text)
    return new Layers(join(dir, 'layers')).notation
  }
  const { notation } = layers
  const kept = readFileSync(file, 'utf8')
  assert.is(carried(`${notation}\n1\n`), notation)
  assert.is(readFileSync(file, 'utf8'), kept)
  assert.is(carried('overlay, in a user namespace\n1\n'), notation) // nothing was in it
  await writables.create('box')
  assert.is(carried('files\n1\n'), 'files')
  assert.throws(() => carried('overlay, in a user namespace\n1\n'), /^layers: expected a file system for overlay, in a user namespace, as when .* was filled, got one for overlay; move/)
  assert.is(readFileSync(file, 'utf8'), 'overlay, in a user namespace\n1\n')
})

rootTest(test, 'what nobody needs goes, and only that', async () => {
  const low = await layer(undefined, member({ path: 'low' }))
  const [left, right] = [await layer(low.chainId, member({ path: 'left' })), await layer(low.chainId, member({ path: 'right' }))]
  await writables.create('box', left.chainId)
  assert.equal(await layers.prune([right.chainId]), [])
  assert.equal(await layers.prune([]), [right])
  await writables.remove('box')
  assert.equal((await layers.prune([])).length, 2)
  assert.equal([layers.list(), readdirSync(join(dir, 'layers/l')), readdirSync(join(dir, 'layers/staged'))], [[], [], []])
  assert.throws(() => writables.root('box'), /^name: expected that of a writable layer, got "box"$/)
})

rootTest(test, 'a directory that was taken away in between is not as it was below that', async () => {
  const low = await layer(undefined, member({ path: 'p/', type: 'directory', mode: 0o700 }), member({ path: 'q/r/', type: 'directory', mode: 0o700 }))
  const middle = await layer(low.chainId, member({ path: '.wh.p' }), member({ path: '.wh.q' }))
  const top = await layer(middle.chainId, member({ path: 'p/file' }), member({ path: 'q/r/file' }))
  assert.equal(['p', 'q/r'].map((name) => statSync(join(layers.directory(top.chainId), name)).mode & 0o777), [0o755, 0o755])
})

rootTest(test, 'a copied layer\'s root is that of the layer below', async () => {
  mkdirSync(join(dir, 'layers'))
  writeFileSync(join(dir, 'layers/notation'), 'files')
  const low = await layer(undefined, member({ path: './', type: 'directory', mode: 0o711, uid: 7, gid: 8 }))
  const top = await layer(low.chainId, member({ path: 'file' }))
  const { mode, uid, gid } = statSync(layers.directory(top.chainId))
  assert.equal([mode & 0o777, uid, gid], [0o711, 7, 8])
})

rootTest(test, 'two who remove the same one: the other is told; two who commit it make one layer', async () => {
  await writables.create('box')
  const [one, other] = await Promise.all([writables.commit('box'), writables.commit('box')])
  assert.equal([one, readdirSync(join(dir, 'layers/staged'))], [other, []])
  let removed: readonly Promise<string>[] = []
  // Both are on their way before either has the lock, as two processes may be.
  await layers.locked(() => {
    removed = [1, 2].map(() => writables.remove('box').then(() => 'removed', (error: Error) => error.message))
  })
  assert.equal((await Promise.all(removed)).toSorted(), ['name: expected that of a writable layer, got "box"', 'removed'])
})

rootTest(test, 'two who borrow by the same name at once: the other is told, while the first still has it', async () => {
  let [first, second, told] = [Promise.resolve(), Promise.resolve(''), '']
  // The first is about to move what the other waits for.
  await layers.locked(() => {
    first = writables.borrow('lent', undefined, async () => { told = await second })
    second = writables.borrow('lent', undefined, async () => {}).then(() => 'borrowed', (error: Error) => error.message)
  })
  await first
  assert.is(told, 'name: expected one that nobody has, got "lent"')
})

rootTest(test, 'a store may be at a path with commas and backslashes', async () => {
  layers = new Layers(join(dir, 'a,b\\c'))
  assert.is(layers.notation, 'overlay')
  rmSync(layers.root, { recursive: true })
})

rootTest(test, 'names are not paths, and nobody has two', async () => {
  await writables.create('box')
  for (const [name, message] of [['../x', /^name: expected letters/], ['', /^name: expected letters/], ['box', /^name: expected one that nobody has, got "box"$/]] as const) {
    assert.match(await writables.create(name).then(() => 'made', (error: Error) => error.message), message)
  }
  assert.equal(readdirSync(join(dir, 'layers/writable')), ['box'])
})

rootTest(test, 'two who want the same layer make it once; one who is killed leaves nothing that stays', async () => {
  const bytes = await archive(...Array.from({ length: 2000 }, (_, i) => member({ path: `f${i}` }, 'x'.repeat(100))))
  const [a, b] = await Promise.all([add(undefined, bytes), add(undefined, bytes)])
  assert.equal(a, b)
  await layers.prune([])
  const script = `import { Layers } from '@pocker/layers'
    const layers = new Layers(${JSON.stringify(join(dir, 'layers'))})
    await layers.add({ diffId: '${digestOf(bytes)}', source: process.stdin })`
  const other = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['pipe', 'inherit', 'inherit'], cwd: import.meta.dirname })
  other.stdin.on('error', () => {})
  other.stdin.write(bytes.subarray(0, 1_000_000))
  const staged = join(dir, 'layers/staged', digestOf(bytes).slice('sha256:'.length), 'diff')
  while (!existsSync(join(staged, 'f100'))) await new Promise(setImmediate)
  other.kill('SIGKILL')
  await once(other, 'close')
  assert.equal(layers.list(), [])
  assert.equal((await add(undefined, bytes)).size, 200_000)
  assert.equal(readdirSync(join(dir, 'layers/staged')), [])
})

rootTest(test, 'one that is borrowed goes with its borrower, even if that is killed', async () => {
  const low = await add(undefined, await base())
  const text = await writables.borrow('lent', low.chainId, async () => {
    await writables.clean()
    return shell('lent', 'echo hello')
  })
  assert.equal([text, layers.writables()], ['hello\n', []])
  const script = `import { Layers, Writables } from '@pocker/layers'
    await new Writables(new Layers(${JSON.stringify(join(dir, 'layers'))})).borrow('lent', '${low.chainId}', () => new Promise(() => { console.log('has it'); setInterval(() => {}, 1e6) }))`
  const other = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname })
  await once(other.stdout, 'data')
  await writables.clean()
  assert.is(layers.writables().length, 1)
  other.kill('SIGKILL')
  await once(other, 'close')
  assert.equal(await layers.prune([]), [])
  await writables.clean()
  assert.equal([layers.writables(), readdirSync(join(dir, 'layers/staged'))], [[], []])
})

rootTest(test, 'a file is found in the uppermost layer that has it', async () => {
  const low = await layer(undefined, member({ path: 'a' }), member({ path: 'b' }))
  const top = await layer(low.chainId, member({ path: 'a' }), member({ path: '.wh.b' }))
  const at = (path: string): string | undefined => layers.having(top.chainId, path)
  const dirs = await layer(undefined, member({ path: 'gone/a' }), member({ path: 'opaque/a' }), member({ path: 'kept/a' }), member({ path: 'link/a' }))
  const over = await layer(dirs.chainId, member({ path: '.wh.gone' }), member({ path: 'opaque/', type: 'directory' }), member({ path: 'opaque/.wh..wh..opq' }), member({ path: 'kept/b' }), member({ path: 'link', type: 'symlink', target: '/etc' }))
  assert.equal(['gone/a', 'opaque/a', 'kept/a', 'kept/b', 'link/a'].map((path) => layers.having(over.chainId, path)),
    [undefined, undefined, layers.directory(dirs.chainId), layers.directory(over.chainId), layers.directory(over.chainId)])
  assert.equal([at('a'), at('b'), at('c'), layers.having(low.chainId, 'b')], [layers.directory(top.chainId), undefined, undefined, layers.directory(low.chainId)])
})

rootTest(test, 'as many layers as the kernel takes fit into one page; one more is told', async () => {
  const root = join(dir, 'many')
  const lowers = Array.from({ length: 499 }, (_, i) => Buffer.from([0, i >> 8, i & 255]).toString('base64url'))
  for (const [i, name] of lowers.entries()) {
    mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, name, `f${i}`), '')
  }
  await busyboxRootfs(join(root, 'base'))
  const [upper, work, path] = ['upper', 'work', 'merged'].map((name) => join(root, name)) as [string, string, string]
  for (const one of [upper, work, path]) mkdirSync(one)
  const made = overlay({ names: root, lowers: [...lowers, 'base'], upper, work, target: path, notation: 'overlay' })
  const script = 'echo /f* | wc -w > /count'
  const { code } = start(plan([mounts({ root: { path, made }, mounts: [], maskedPaths: [], readonlyPaths: [] }), command({ argv: ['sh', '-c', script] })])).waitSync()
  assert.equal([code, readFileSync(join(upper, 'count'), 'utf8')], [0, '499\n'])
  assert.throws(() => overlay({ names: root, lowers: [...lowers, 'base', 'base'], upper, work, target: path, notation: 'overlay' }), /^layers: expected at most 500, got 501; /)
})

rootTest(test, 'in a user namespace overlayfs keeps its marks under other names', async () => {
  const bytes = await archive(member({ path: 'dir/', type: 'directory' }), member({ path: 'dir/.wh..wh..opq' }), member({ path: '.wh.gone' }))
  const script = `import { Layers } from '@pocker/layers'
    const layers = new Layers(process.argv[1])
    const { chainId } = await layers.add({ diffId: '${digestOf(bytes)}', source: process.stdin })
    console.log(layers.notation, layers.directory(chainId))`
  const words = ['--user', '--map-root-user', '--mount', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script, join(dir, 'layers')]
  const said = execFileSync('unshare', words, { input: bytes, encoding: 'utf8', cwd: import.meta.dirname })
  const [, directory = ''] = /^overlay, in a user namespace (.*)\n$/.exec(said) ?? []
  const opaque = execFileSync('python3', ['-c', 'import os, sys; print(os.listxattr(sys.argv[1]))', join(directory, 'dir')], { encoding: 'utf8' })
  assert.is(opaque, "['user.overlay.opaque']\n")
  assert.ok(statSync(join(directory, 'gone')).isCharacterDevice())
})

test.run()
