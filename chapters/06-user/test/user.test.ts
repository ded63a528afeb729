// User namespaces, for real.
import { spawn as spawnProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chroot } from '@pocker/chroot'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { pid } from '@pocker/pid'
import {
  CLONE_NEWUSER, command, foreground, libc, namespaces, plan, run, setresuid, spawn, type Finished, type Isolation,
} from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'
import { borrow, user, type IdMapping } from '@pocker/user'
import { uts } from '@pocker/uts'

const map = (...ranges: [number, number, number][]): IdMapping[] =>
  ranges.map(([containerID, hostID, size]) => ({ containerID, hostID, size }))
const mapped = (uid: IdMapping[], gid = uid): Isolation => user({ uidMappings: uid, gidMappings: gid, writtenBy: 'root' })

async function inside(users: Isolation, script: string, more: readonly Isolation[] = []): Promise<Finished> {
  return run([users, ...more, chroot({ path: await busybox() })], ['sh', '-c', script])
}

rootTest(test, 'the maps are what the kernel shows, range by range', async () => {
  const [uid, gid] = [map([0, 100000, 10], [10, 300000, 5]), map([0, 200000, 1])]
  const child = spawn(plan([mapped(uid, gid), foreground(), command({ argv: ['sleep', '60'] })]))
  try {
    const rows = (file: string): number[][] => readFileSync(`/proc/${child.pid}/${file}`, 'utf8').trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number))
    assert.equal(rows('uid_map'), [[0, 100000, 10], [10, 300000, 5]])
    assert.equal(rows('gid_map'), [[0, 200000, 1]])
    assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), /^Uid:\t100000\t100000\t100000\t100000\nGid:\t200000\t200000\t200000\t200000$/m)
    assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), /^Groups:\t *$/m)
    assert.is.not(namespaces(child.pid)['user'], namespaces('self')['user'])
  } finally {
    child.kill('SIGKILL')
    await child.wait()
  }
})

rootTest(test, 'files made inside belong to the mapped ids outside', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-owner-'))
  try {
    chmodSync(dir, 0o777)
    const first = 100_000 + randomInt(1000)
    const volume = { destination: '/home', type: 'bind', source: dir, options: ['rbind'] }
    const list = borrow([...DEFAULT_MOUNTS, volume], { pid: true, net: false, ipc: true })
    const parts = [mapped(map([0, first, 100], [100, 500_000, 10])), foreground(), pid({ mode: 'private' }), mounts({ root: { path: await busybox() }, ...list })]
    const { code, stderr, stdout } = await run(parts, ['sh', '-c', 'cd /home; touch root five far; chown 5:7 five; chown 103 far; stat -c %u:%g *; cat /dev/null; ls /proc/1/exe'])
    assert.equal([code, stderr, stdout], [0, '', '103:0\n5:7\n0:0\n/proc/1/exe\n'])
    const owner = (name: string): number[] => [statSync(join(dir, name)).uid, statSync(join(dir, name)).gid]
    assert.equal(owner('root'), [first, first])
    assert.equal(owner('five'), [first + 5, first + 7])
    assert.equal(owner('far'), [500_003, first])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

rootTest(test, 'whoever is not in the map is nobody, and cannot be given anything', async () => {
  const { stdout, stderr } = await inside(mapped(map([0, 100000, 10])), 'stat -c %u /bin/busybox; chown 11 /tmp 2>&1; id -u')
  assert.match(stdout, /^65534\nchown: \/tmp: Invalid argument\n0\n$/)
  assert.is(stderr, '')
})

rootTest(test, 'root inside has no power outside: not over files, not over the host\'s name', async () => {
  const script = 'chmod 755 /bin/busybox 2>&1; hostname changed 2>&1; id -u'
  const { stdout } = await inside(mapped(map([0, 100000, 10])), script)
  assert.is(stdout, 'chmod: /bin/busybox: Operation not permitted\nhostname: sethostname: Operation not permitted\n0\n')
  const own = await inside(mapped(map([0, 100000, 10])), 'hostname', [uts({ hostname: 'box' })])
  assert.is(own.stdout, 'box\n') // a UTS namespace made by the same clone belongs to the new user namespace
})

rootTest(test, 'an owner maps himself alone, and setgroups is denied for good', async () => {
  const dir = await busybox()
  const owner: Isolation = { ...user({ uidMappings: map([0, 0, 1]), gidMappings: map([0, 0, 1]), writtenBy: 'owner' }) }
  const { stdout, code } = await run([owner, chroot({ path: dir })], ['sh', '-c', 'id -u; id -G'])
  assert.equal([code, stdout], [0, '0\n0\n'])
  const child = spawn(plan([owner, foreground(), command({ argv: ['sleep', '60'] })]))
  assert.is(readFileSync(`/proc/${child.pid}/setgroups`, 'utf8'), 'deny\n')
  child.kill('SIGKILL')
  await child.wait()
})

rootTest(test, 'becoming root takes back the signal at the parent\'s death, so foreground() sets it behind: no orphan stays', async () => {
  const parent = spawnProcess(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('fixtures/parent.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  parent.kill('SIGKILL')
  await once(parent.stdout, 'close') // the container holds the other end, too
})

test('in node, unshare(CLONE_NEWUSER) is refused: it has threads', () => {
  assert.throws(() => libc.unshare(CLONE_NEWUSER), /unshare: EINVAL/)
})

rootTest(test, 'a map that the kernel refuses is one line, and nothing is left', async () => {
  const wrong: Isolation = { name: 'user', flags: CLONE_NEWUSER, beside: [{ path: '/proc/{pid}/uid_map', data: 'x' }], child: [setresuid(0)] }
  await run([wrong], ['true']).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^write\("\/proc\/\d+\/uid_map", "x"\): EINVAL/))
  const program: Isolation = { ...wrong, beside: [{ run: ['newuidmap', '{pid}', 'x'] }] }
  await run([program], ['true']).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^newuidmap \d+ x: .+/))
  const missing: Isolation = { ...wrong, beside: [{ run: ['/nope/newuidmap', '{pid}'] }] }
  await run([missing], ['true']).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^\/nope\/newuidmap \d+: .*ENOENT/))
})

test.run()
