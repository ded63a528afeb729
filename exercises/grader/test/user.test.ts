// Who grades without root: the same points, and what an answer may do to the sandbox is gone with it.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownedName } from '@pocker/pid'
import { asUser, rootTest } from '@pocker/testing'
import { fill, RIGHT } from './class.ts'

const GRADE = fileURLToPath(new URL('../bin/grade.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pocker-class-'))
chmodSync(folder, 0o755)
test.after(() => rmSync(folder, { recursive: true }))

/** In the sandbox, all of it is root's, who may set what is read-only writable: but not what others get to see. */
const SPOILS = `import { clone3, MS_BIND, MS_NODEV, MS_NOSUID, MS_REMOUNT, mount } from '@pocker/syscalls'
const spoil = '/bin/busybox touch /bin/pocker-forged /pocker-forged; /bin/busybox rm -f /bin/ls'
export const hostname = (name: string): any => ({ name, flags: 0x4000000n, child: [
  { ...mount(null, '/', null, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, null), mayFail: true },
  clone3(0n, [{ call: 'execve', args: ['/bin/sh', ['/bin/sh', '-c', spoil], []] }]),
  { call: 'wait4', args: [-1, { out: 4 }, 0x40000000, null] },
  { call: 'sethostname', args: [name, Buffer.byteLength(name)] },
] })`

rootTest(test, 'an ordinary user grades; an answer that writes into its file system changes nobody else\'s, nor does one that is closed to him', () => {
  fill(folder, { 'a/hostname.ts': SPOILS, 'b/hostname.ts': RIGHT, 'c/hostname.ts': RIGHT, 'd/02-uts/hostname.ts': RIGHT })
  fill(join(folder, 'b'), { 'closed/other.ts': '', 'other.ts': '' })
  for (const path of ['c/hostname.ts', 'd/02-uts', 'b/closed', 'b/other.ts']) chmodSync(join(folder, path), 0)
  // Of a grader that was root's, and is gone: not his to remove.
  const copy = join('/tmp', `pocker-handed-${ownedName('').replace(/^\d+/, String(2 ** 22 + 1))}test`)
  mkdirSync(join(copy, 'of root'), { recursive: true, mode: 0o700 })
  let left: string[] = []
  const { status, stderr } = asUser(
    ['sh', '-c', 'exec "$0" "$@" --out "$HOME/out"', process.execPath, GRADE, '--all', folder, '--only', '02/hostname', '--jobs', '1'],
    { subordinate: false, env: { NO_COLOR: '1' } },
    (home) => {
      const rootfs = join(home, '.cache/pocker/grader/rootfs')
      left = ['pocker-forged', 'bin/pocker-forged', 'bin/ls'].filter((name) => existsSync(join(rootfs, name)))
      rmdirSync(join(copy, 'of root'))
      rmdirSync(copy)
    })
  assert.equal([status, left], [0, ['bin/ls']], stderr)
  assert.match(stderr, /^1\/4 {2}a {2}4 of 4\n2\/4 {2}b {2}4 of 4\n3\/4 {2}c {2}0 of 4\n4\/4 {2}d {2}0 of 4\n/)
})

test.run()
