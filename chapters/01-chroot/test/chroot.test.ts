// Root file systems and chroot, for real.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busyboxRootfs, checkRootfs, chroot, escape } from '@pocker/chroot'
import { chdir, command, exitCode, plan, run, SpecError, spawn, StartError, type Isolation } from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

let dir = ''
test.before.each(() => { dir = mkdtempSync(join(tmpdir(), 'chroot-')) })
test.after.each(() => rmSync(dir, { recursive: true, force: true }))

test('a chroot is two calls: the new root, then the working directory', () => {
  assert.equal(chroot({ path: '/r' }).child?.map(({ call, args }) => [call, args]), [['chroot', ['/r']], ['chdir', ['/']]])
})

test('a path that is none is refused', () => {
  assert.throws(() => chroot({ path: '' }), /root\.path: expected the path of a directory, got ""/)
  assert.throws(() => chroot({ path: 'a\0b' }), /got "a\\u0000b"/)
})

test('a root file system that is missing, or a file, is told apart', () => {
  assert.throws(() => checkRootfs('/nope'), /expected a directory, got \/nope, which does not exist/)
  assert.throws(() => checkRootfs('/etc/passwd'), /expected a directory, got \/etc\/passwd, which is a file/)
  for (const [path, code] of [['/etc/passwd/x', 'ENOTDIR'], [`/${'x'.repeat(300)}`, 'ENAMETOOLONG']] as const) {
    assert.throws(() => checkRootfs(path), (error: Error) => error instanceof SpecError && error.message.endsWith(`got ${path}: ${code}`))
  }
})

test('busybox becomes a root file system: one program under many names', async () => {
  const path = join(dir, 'a/busybox')
  const { made, source } = await busyboxRootfs(path)
  assert.ok(made)
  assert.match(source, /^busybox-static \d/)
  assert.equal(readdirSync(path), ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var'])
  assert.is(realpathSync(join(path, 'bin/sh')), realpathSync(join(path, 'bin/busybox')))
  assert.is(statSync(join(path, 'tmp')).mode & 0o7777, 0o1777)
  assert.match(readFileSync(join(path, 'etc/passwd'), 'utf8'), /^root:x:0:0:/)
  assert.equal(readdirSync(join(dir, 'a')), ['busybox'], 'nothing is left beside it')
})

test('who may read its files does not depend on the umask of whoever makes it', async () => {
  const before = process.umask(0o077)
  try {
    await busyboxRootfs(join(dir, 'busybox'))
  } finally {
    process.umask(before)
  }
  const mode = (path: string): string => (statSync(join(dir, 'busybox', path)).mode & 0o7777).toString(8)
  assert.equal(['', 'bin', 'bin/busybox', 'etc', 'etc/passwd', 'etc/group'].map(mode), ['755', '755', '755', '755', '644', '644'])
})

test('it is there whole or not at all: five at once make one, and what is there is kept', async () => {
  const path = join(dir, 'busybox')
  const made = await Promise.all(Array.from({ length: 5 }, () => busyboxRootfs(path)))
  assert.is(made.filter((one) => one.made).length, 1)
  writeFileSync(join(path, 'mine'), '')
  assert.not.ok((await busyboxRootfs(path)).made)
  assert.ok(existsSync(join(path, 'mine')))
  assert.equal(readdirSync(dir), ['busybox'])
})

rootTest(test, 'inside, / is the directory, and .. at the top leads nowhere', async () => {
  const path = await busybox()
  writeFileSync(join(dir, 'secret'), 'outside')
  const { stdout, stderr } = await run([chroot({ path })], ['sh', '-c', `pwd; ls / | head -2; cd ../../..; pwd; cat ${dir}/secret`])
  assert.is(stdout, '/\nbin\ndev\n/\n')
  assert.match(stderr, /secret': No such file or directory|secret: No such file/)
})

rootTest(test, 'the devices that programs expect are there', async () => {
  const { stdout } = await run([chroot({ path: await busybox() })], ['sh', '-c', 'echo x > /dev/null; head -c 4 /dev/zero | wc -c; cat /dev/null & wait; echo done'])
  assert.is(stdout, '4\ndone\n')
})

rootTest(test, 'without the chdir, the working directory would still be outside', async () => {
  const path = await busybox()
  const forgetful: Isolation = { name: 'forgetful', child: (chroot({ path }).child ?? []).slice(0, 1) }
  const inside: Isolation = { name: 'cwd', child: [chdir('/etc')] }
  assert.match((await run([inside, forgetful], ['sh', '-c', 'cat ./hostname || cat ./passwd'])).stdout, /\S/)
})

rootTest(test, 'root climbs out: a second chroot leaves the working directory above the root', async () => {
  const path = await busybox()
  writeFileSync(join(dir, 'secret'), 'outside')
  assert.is((await run([chroot({ path }), escape()], ['/bin/cat', join(dir, 'secret')])).stdout, 'outside')
  rmSync(join(path, 'jail'), { recursive: true })
})

rootTest(test, 'what cannot be a root is named by the step that failed', () => {
  mkdirSync(join(dir, 'empty'))
  const failure = (path: string, argv: string[]): StartError => {
    try {
      const { waitSync } = spawn(plan([chroot({ path }), command({ argv })]))
      throw new Error(`started, and ended with ${exitCode(waitSync())}`)
    } catch (error) {
      return error as StartError
    }
  }
  assert.match(failure('/nope', ['sh']).message, /^chroot\("\/nope"\): ENOENT/)
  assert.match(failure('/etc/passwd', ['sh']).message, /^chroot\("\/etc\/passwd"\): ENOTDIR/)
  const empty = failure(join(dir, 'empty'), ['sh'])
  assert.equal([empty.message, empty.exitCode], ['exec: "sh": executable file not found in $PATH', 127])
})

test.run()
