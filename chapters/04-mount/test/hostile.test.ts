// Root file systems that are traps: links where mounts are to go, and a process that swaps them meanwhile.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawn as start } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_MOUNTS, mounts, parseTmpfs, type Mount } from '@pocker/mount'
import { pid } from '@pocker/pid'
import { command, plan, spawn, SyscallError } from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

let dir = ''
let host = ''
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'hostile-'))
  host = join(dir, 'host')
  mkdirSync(join(host, 'sub'), { recursive: true })
  writeFileSync(join(host, 'file'), 'the host\'s\n')
})
test.after.each(() => rmSync(dir, { recursive: true, force: true }))

/** What must not change: the mount table, the directory that plays the host, and the places that the links name. */
function outside(): unknown {
  const times = ['/etc', '/proc', '/dev', '/', '/tmp/..'].map((path) => [path, statSync(path).mtimeMs].join(' ')).filter((line) => !line.startsWith('/proc'))
  return [readFileSync('/proc/self/mountinfo', 'utf8'), readdirSync(host, { recursive: true }), readFileSync(join(host, 'file'), 'utf8'), times]
}

/** A new root file system with one program, and something hostile at a place. */
async function trap(name: string, place: string, make: (at: string) => void): Promise<string> {
  const root = join(dir, name)
  mkdirSync(join(root, 'bin'), { recursive: true })
  copyFileSync(join(await busybox(), 'bin/busybox'), join(root, 'bin/true'))
  mkdirSync(dirname(join(root, place)), { recursive: true })
  make(join(root, place))
  return root
}

/** Runs /bin/true in it. @returns the error that refused it, if any */
function attempt(path: string, more: readonly Mount[]): SyscallError | undefined {
  try {
    const child = spawn(plan([pid({ mode: 'private' }), mounts({ root: { path }, mounts: [...DEFAULT_MOUNTS, ...more] }), command({ argv: ['/bin/true'] })]))
    assert.is(child.waitSync().code, 0)
    return undefined
  } catch (error) {
    assert.instance(error, SyscallError)
    return error as SyscallError
  }
}

/** Where a link can lead: each as a function of the link's own place. */
const WAYS: Readonly<Record<string, (at: string) => string>> = {
  'absolute': () => host,
  'absolute, deeper': () => join(host, 'sub'),
  'relative through ..': (at) => relative(dirname(at), host),
  'more .. than there are': () => `${'../'.repeat(40)}${host.slice(1)}`,
  'the root of the host': () => '/',
  'the root of a process': () => '/proc/1/root',
  'its own root, by magic': () => '/proc/self/root',
  'the working directory, by magic': () => '/proc/self/cwd',
  'a descriptor, by magic': () => '/proc/self/fd/3',
  'a file of the host': () => join(host, 'file'),
  'itself': (at) => at.slice(at.lastIndexOf('/') + 1),
  'nowhere': () => '/nowhere/at/all',
}
const PLACES: Readonly<Record<string, readonly Mount[]>> = {
  '/proc': [], '/dev': [], '/sys': [], '/data': [parseTmpfs('/data')],
}

for (const [place, more] of Object.entries(PLACES)) {
  rootTest(test, `a link at ${place} leads no mount to the host, wherever it leads: ${Object.keys(WAYS).length} ways`, async () => {
    for (const [way, to] of Object.entries(WAYS)) {
      const root = await trap(way.replaceAll(/\W+/g, '-'), place, (at) => symlinkSync(to(at), at))
      const before = outside()
      attempt(root, more)
      assert.equal(outside(), before, `${place} → ${way}`)
    }
  })
}

rootTest(test, 'a link on the way to a place, a file instead of a directory, a directory without permission', async () => {
  const cases: Readonly<Record<string, [place: string, make: (at: string) => void, mount: string]>> = {
    'a link on the way': ['/var', (at) => symlinkSync(host, at), '/var/made/by/us'],
    'a relative link on the way': ['/a/b', (at) => symlinkSync(relative(dirname(at), host), at), '/a/b/made'],
    'a chain of links': ['/one', (at) => { symlinkSync('two', at); symlinkSync(host, join(dirname(at), 'two')) }, '/one/made'],
    '.. in the mount itself': ['/a', (at) => mkdirSync(at), '/a/../../../../../../../../made'],
    'a file on the way': ['/a', (at) => writeFileSync(at, ''), '/a/made'],
    'a file at the place': ['/a', (at) => writeFileSync(at, ''), '/a'],
  }
  for (const [name, [place, make, mount]] of Object.entries(cases)) {
    const root = await trap(name.replaceAll(/\W+/g, '-'), place, make)
    const before = outside()
    attempt(root, [parseTmpfs(mount)])
    assert.equal(outside(), before, name)
  }
})

rootTest(test, 'a process that swaps the place while 500 containers start gets nothing mounted or made on the host', async () => {
  const root = await trap('swapped', '/shared/target', (at) => mkdirSync(at))
  const before = outside()
  const swap = `cd ${root}/shared && echo swapping && while :; do rm -rf target; ln -s ${host} target; rm target; mkdir target; done`
  const swapper = start('sh', ['-c', swap], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(swapper.stdout, 'data')
  let [started, refused] = [0, 0]
  for (let i = 0; i < 500; i++) {
    if (attempt(root, [parseTmpfs('/shared/target'), parseTmpfs('/shared/target/deeper')])) refused++
    else started++
  }
  swapper.kill('SIGKILL')
  await once(swapper, 'close')
  assert.equal(outside(), before)
  assert.is(started + refused, 500)
  assert.ok(started > 0, 'some start, or nothing was tested')
})

rootTest(test, 'a root that is itself a link, or has no directory for a mount, is refused or filled, and named', async () => {
  const root = await trap('bare', '/x', () => {})
  assert.is(attempt(root, []), undefined)
  assert.equal(readdirSync(root), ['bin', 'dev', 'proc', 'sys'])
})

test.run()
