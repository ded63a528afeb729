// What goes into the machine, as data: the archive that it boots from, the order of its modules; and how results add up.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failuresOf, tally } from '../../results.ts'
import { archive } from '../../vm/initrd.ts'
import { inOrder } from '../../vm/kernel.ts'
import { chaptersFrom } from '../../vm/tests.ts'

test('cpio unpacks the archive, with folders, modes and every byte', () => {
  const bytes = archive([
    { name: 'init', mode: 0o755, data: '#!/bin/sh\n' },
    { name: 'a/b/odd', mode: 0o600, data: Buffer.from([0, 255, 10, 1, 0]) },
    { name: 'a/empty', mode: 0o644, data: '' },
  ])
  const dir = mkdtempSync(join(tmpdir(), 'pocker-cpio-'))
  try {
    const { status, stderr } = spawnSync('busybox', ['cpio', '-i'], { cwd: dir, input: bytes, encoding: 'utf8' })
    assert.is(status, 0, stderr)
    const { stdout } = spawnSync('find', ['.', '-mindepth', '1', '-printf', '%P %M %s\n'], { cwd: dir, encoding: 'utf8' })
    assert.equal(stdout.trim().split('\n').toSorted(), [
      'a drwxr-xr-x 4096', 'a/b drwxr-xr-x 4096', 'a/b/odd -rw------- 5', 'a/empty -rw-r--r-- 0', 'init -rwxr-xr-x 10',
    ].map((line) => line.replace('4096', stdout.match(/^a d\S+ (\d+)$/m)?.[1] ?? '')))
    assert.is(spawnSync('od', ['-An', '-tu1', join(dir, 'a/b/odd')], { encoding: 'utf8' }).stdout.trim().replace(/ +/g, ' '), '0 255 10 1 0')
  } finally {
    rmSync(dir, { recursive: true })
  }
})

const DEP = ['k/fs/ext4.ko: k/fs/jbd2.ko k/lib/crc16.ko', 'k/fs/jbd2.ko: k/lib/crc16.ko', 'k/lib/crc16.ko:', 'k/net/br-nf.ko:'].join('\n')

test('modules are loaded after those that they need, each once', () => {
  assert.equal(inOrder(DEP, 'k/fs/overlay.ko\n', ['br_nf', 'ext4', 'jbd2', 'overlay']), [
    'k/net/br-nf.ko', 'k/lib/crc16.ko', 'k/fs/jbd2.ko', 'k/fs/ext4.ko',
  ])
})

test('a kernel without a module that is needed is refused by name', () => {
  assert.throws(() => inOrder(DEP, 'k/fs/overlay.ko\n', ['9p']), /^expected a kernel with the module 9p, got one without$/)
})

test('chapters are chosen by number, from 03 on', () => {
  const all = chaptersFrom([])
  assert.ok(all.includes('03-pid') && !all.some((name) => name < '03'), all.join())
  assert.equal(chaptersFrom(['04', '02', '77']), ['04-mount'])
})

test('results add up; silence and an unknown skip are failures', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-tally-'))
  try {
    writeFileSync(join(dir, '@pocker__a.json'), JSON.stringify({ passed: 3, failed: 1, skipped: 2, skips: ['known: x', 'other: y'], failures: ['a: one'] }))
    assert.equal(tally(dir, ['@pocker/a', '@pocker/b'], [{ test: 'known', reason: 'x' }]), {
      passed: 3, failed: 3, skipped: 2, lines: [
        'FAIL @pocker/a: 3 passed, 1 failed, 2 skipped', 'FAIL a skip that is not in .ci/skips.json: other: y',
        'FAIL @pocker/b: its tests did not run',
      ], failures: ['a: one'],
    })
    assert.equal(['@pocker/a', '@pocker/b'].map((name) => failuresOf(dir, name)), [['a: one'], ['@pocker/b: its tests did not run']])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
