// Mounts, for real: what a container sees, what it cannot reach, and what the host never notices.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { escape } from '@pocker/chroot'
import { DEFAULT_MOUNTS, mounts, parseMount, parseOptions, parseTmpfs, parseVolume, type Mount } from '@pocker/mount'
import { pid } from '@pocker/pid'
import {
  CLONE_NEWNS, mount, MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, MS_SLAVE, run, umount2,
  type Finished, type Isolation,
} from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

let dir = ''
let table = ''
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'mount-'))
  table = readFileSync('/proc/self/mountinfo', 'utf8')
})
test.after.each(() => {
  rmSync(dir, { recursive: true, force: true })
  assert.is(readFileSync('/proc/self/mountinfo', 'utf8'), table, 'the host\'s mount table is as before')
})

type Spec = Partial<Parameters<typeof mounts>[0]>
async function inside(script: string, { mounts: more = [], ...spec }: Spec = {}): Promise<Finished> {
  const path = await busybox()
  return run([pid({ mode: 'private' }), mounts({ root: { path }, ...spec, mounts: [...DEFAULT_MOUNTS, ...more] })], ['sh', '-c', script])
}
const bind = (source: string, destination: string, ...options: string[]): Mount =>
  ({ destination, type: 'bind', source, options: ['rbind', ...options], file: !statSync(source).isDirectory() })

/** For the mounts below. */
const NOTHING = { set: 0, clear: 0 }

test('options: the words of mount(8), and what they set and clear', () => {
  assert.equal(parseOptions(['ro', 'nosuid', 'rslave', 'size=64m', 'newinstance']), {
    set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, clear: 0, propagation: MS_SLAVE, recursive: false, bind: false, all: NOTHING,
    data: [['size', '64m'], ['newinstance']],
  })
  assert.equal(parseOptions(['ro', 'rw']).set, 0)
  assert.equal(parseOptions(['strictatime', 'noatime']), {
    set: MOUNT_ATTR_NOATIME, clear: MOUNT_ATTR__ATIME, propagation: 0, recursive: false, bind: false, data: [], all: NOTHING,
  })
  assert.equal(parseOptions(['rro', 'rsuid']).all, { set: MOUNT_ATTR_RDONLY, clear: MOUNT_ATTR_NOSUID })
  assert.equal(parseOptions(['constructor', 'toString']).data, [['constructor'], ['toString']], 'words that every object of JavaScript knows')
  assert.ok(parseOptions(['rbind']).recursive)
})

test('the flags of docker run become entries of the spec', () => {
  assert.equal(parseVolume('/a:/b:ro,rslave'), { destination: '/b', type: 'bind', source: '/a', options: ['rbind', 'rro', 'rslave'] })
  assert.equal(parseMount('type=bind,src=/a,dst=/b,readonly,bind-propagation=rshared'), { destination: '/b', type: 'bind', source: '/a', options: ['rbind', 'rro', 'rshared'] })
  assert.equal(parseMount('type=tmpfs,target=/t,tmpfs-size=64m').options, ['nosuid', 'nodev', 'noexec', 'size=64m'])
  for (const [word, options] of [['', ['rbind', 'rro']], ['=True', ['rbind', 'rro']], ['=FALSE', ['rbind']], ['=0', ['rbind']]] as const) {
    assert.equal(parseMount(`type=bind,src=/a,dst=/b,ro${word}`).options, options, word)
  }
  assert.is(parseMount('type=bind,"source=/a,""b",target=/b').source, '/a,"b')
  assert.equal(parseVolume('/a:/b:rw,slave').options, ['rbind', 'slave'], 'rw opens nothing that the host has mounted read-only')
  for (const place of ['/b/', '//b', '/./b', '/c/../b', '/../b']) {
    const all = [parseVolume(`/a:${place}`), parseMount(`type=bind,source=/a,target=${place}`), parseTmpfs(place)]
    assert.equal(all.map(({ destination }) => destination), ['/b', '/b', '/b'], place)
  }
  assert.equal(parseTmpfs('/run:size=50%').options?.at(-1), 'size=50%')
  assert.equal(parseTmpfs('/run:size=1g,mode=700'), { destination: '/run', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'noexec', 'size=1g', 'mode=700'] })
})

test('bad input is one line: what was expected, and what came', () => {
  const refused: readonly [() => unknown, RegExp][] = [
    [() => parseVolume('/a'), /--volume: expected HOST:CONTAINER\[:OPTIONS\], got \/a$/],
    [() => parseVolume('a:/b'), /--volume: expected an absolute path on the host, got "a"/],
    [() => parseVolume('/a:b'), /--volume: expected an absolute path, got "b"/],
    [() => parseVolume('/a:/b:rshard'), /expected one of private, .*, got rshard/],
    [() => parseVolume('/a:/b:constructor'), /option beside ro and rw: expected one of .*, got constructor$/],
    [() => parseVolume('/a:/b:ro,rw'), /--volume: expected ro or rw, and one propagation, got ro,rw$/],
    [() => parseVolume('/a:/b:rslave,rprivate'), /--volume: expected ro or rw, and one propagation, got rslave,rprivate$/],
    [() => parseMount('type=bind,source=/a,target=/b,constructor=1'), /--mount: expected one of type, .* for a bind, got "constructor"$/],
    [() => parseMount('type=bind,source=/a,target=/b,bind-propagation=valueOf'), /bind-propagation: expected one of .*, got valueOf$/],
    [() => parseMount('type=bind,source=/a,target=/b,readonly=no'), /--mount: readonly: expected true or false, got "no"$/],
    [() => parseMount('type=bind,source=/a,target=/b,tmpfs-size=1m'), /--mount: expected one of .* for a bind, got "tmpfs-size"$/],
    [() => parseMount('type=tmpfs,source=/a,target=/b'), /--mount: expected one of .* for a tmpfs, got "source"$/],
    [() => parseMount('type=tmpfs,target=/b,bind-propagation=rslave'), /--mount: expected one of .* for a tmpfs, got "bind-propagation"$/],
    [() => parseMount('type=bind,"source=/a,target=/b'), /--mount: expected one of .*, got "\\"source"$/],
    [() => parseMount('type=bind,source=/a'), /--mount: target: expected an absolute path, got ""/],
    [() => parseMount('type=bind,source=/a,target=/b,colour=red'), /--mount: expected one of type, .*, got "colour"/],
    [() => parseMount('type=bind,source=/a,target=/b,bind-propagation=up'), /bind-propagation: expected one of .*, got up/],
    [() => parseMount('type=npipe,target=/b'), /expected type=bind or type=tmpfs, got npipe/],
    [() => parseTmpfs('/a:size=big'), /size: expected a number of bytes .*, got "big"/],
    [() => mounts({ root: { path: '' } }), /root\.path: expected the path of a directory/],
    [() => mounts({ root: { path: '/r' }, mounts: [{ destination: '/', type: 'tmpfs' }] }), /expected a place below \/, got \//],
    [() => mounts({ root: { path: '/r' }, mounts: [{ destination: '/a/../..', type: 'tmpfs' }] }), /expected a place below \/, got \/a\/\.\.\/\.\.$/],
    [() => mounts({ root: { path: '/r' }, mounts: [{ destination: 'x', type: 'tmpfs' }] }), /expected an absolute path, got "x"/],
    [() => mounts({ root: { path: '/r' }, mounts: [{ destination: '/x' }, { destination: '/x/' }] }), /expected each place once, got \/x\/ twice/],
    [() => mounts({ root: { path: '/r' }, mounts: [{ destination: '/x', type: 'bind', source: 'y' }] }), /source: expected an absolute path to bind, got "y"/],
    [() => mounts({ root: { path: '/r' }, rootfsPropagation: 'everywhere' }), /rootfsPropagation: expected one of .*, got everywhere/],
  ]
  for (const [call, message] of refused) assert.throws(call, message)
})

test('a plan of mounts is data: a namespace, private first, the root let go last', () => {
  const { flags, child = [] } = mounts({ root: { path: '/r' } })
  assert.is(flags, CLONE_NEWNS)
  const calls = child.map(({ call }) => call)
  assert.is(child[0]?.args[3], (1 << 18) | 16384)
  assert.equal(calls.slice(-5), ['fchdir', 'pivot_root', 'umount2', 'chdir', 'umask'])
  assert.equal(calls.filter((call) => call === 'mount').length, 3, 'after the root, every mount is by descriptor')
})

rootTest(test, 'the mount table holds the container\'s mounts and nothing of the host', async () => {
  const { stdout } = await inside('cat /proc/self/mountinfo')
  const places = stdout.trim().split('\n').map((line) => line.split(' ')[4])
  assert.equal(places.slice(0, 5), ['/', '/proc', '/dev', '/dev/pts', '/sys'])
  for (const place of places) assert.match(place ?? '', /^\/($|proc|dev|sys)/)
})

rootTest(test, '/dev has the devices that programs expect, and they work', async () => {
  const { stdout, stderr } = await inside('ls /dev | tr "\\n" " "; echo; echo x > /dev/null; head -c 3 /dev/zero | wc -c; ls -l /dev/fd /dev/ptmx | sed "s/.*-> //"; sh -c "echo full > /dev/full"')
  assert.is(stdout, 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero \n3\n/proc/self/fd\npts/ptmx\n')
  assert.match(stderr, /No space left on device/)
})

rootTest(test, '/dev has them however its place is written, and room for more than names', async () => {
  const path = await busybox()
  const list = DEFAULT_MOUNTS.map((mount) => (mount.destination === '/dev' ? { ...mount, destination: '/dev/' } : mount))
  const script = 'ls /dev | wc -l; head -c 1000000 /dev/zero > /dev/file; wc -c < /dev/file'
  const { stdout } = await run([pid({ mode: 'private' }), mounts({ root: { path }, mounts: list })], ['sh', '-c', script])
  assert.is(stdout, '14\n1000000\n')
})

rootTest(test, 'a new file system, too, propagates and is read-only as it is asked for', async () => {
  const { stdout, stderr } = await inside('grep " /tmp/[ab] " /proc/self/mountinfo | cut -d " " -f 7; echo x > /tmp/b/x', {
    mounts: [parseTmpfs('/tmp'), parseTmpfs('/tmp/a:shared'), parseTmpfs('/tmp/b:rro,runbindable')],
  })
  assert.match(stdout, /^shared:\d+\nunbindable\n$/)
  assert.match(stderr, /Read-only file system/)
})

rootTest(test, 'who covers /proc while its parts are masked, or moves it away, hides none of them', async () => {
  const path = await busybox()
  const { child = [], ...rest } = mounts({ root: { path } })
  const [first, end] = [child.findIndex(({ as }) => as?.startsWith('masked ')), child.findIndex(({ call }) => call === 'fchdir')]
  const swapped: Isolation = {
    ...rest,
    child: [
      ...child.slice(0, first), mount('none', join(path, 'proc'), 'tmpfs', 0, null),
      ...child.slice(first, end), umount2(join(path, 'proc'), 0), ...child.slice(end),
    ],
  }
  const { stdout, stderr } = await run([pid({ mode: 'private' }), swapped], ['sh', '-c', 'wc -c < /proc/timer_list; touch /proc/sys/kernel/hostname'])
  assert.is(stdout, '0\n')
  assert.match(stderr, /Read-only file system/)
})

rootTest(test, 'what belongs to the whole machine is masked or read-only', async () => {
  const { stdout, stderr } = await inside('cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware /proc/acpi | grep -vc :; echo x > /proc/sys/kernel/domainname; mkdir /sys/x')
  assert.match(stdout, /^0\n/)
  assert.is(stderr.match(/Read-only file system/g)?.length, 2, stderr)
})

rootTest(test, 'a bind of a directory that the root lies in does not show what is mounted in the root', async () => {
  const path = await busybox()
  const { stdout } = await inside('ls -A /tmp/above/busybox/proc; grep -c " /tmp/above/busybox/" /proc/self/mountinfo', {
    mounts: [parseTmpfs('/tmp'), bind(dirname(path), '/tmp/above')],
  })
  assert.is(stdout, '0\n')
})

rootTest(test, 'directories and files are masked, read-only is for all below a place, and what is not there is passed over', async () => {
  const { stdout, stderr } = await inside('ls -A /proc/sys | wc -l; wc -c < /proc/cpuinfo; touch /proc/sys/x /tmp/x /tmp/sub/x', {
    mounts: [parseTmpfs('/tmp'), parseTmpfs('/tmp/sub')],
    maskedPaths: ['/proc/sys/', '/proc/cpuinfo', '/proc/nope', '/nope/'], readonlyPaths: ['/tmp', '/proc/nope', '/nope'],
  })
  assert.is(stdout, '0\n0\n')
  assert.equal(stderr.match(/\/\S+(?=: Read-only file system)/g), ['/proc/sys/x', '/tmp/x', '/tmp/sub/x'])
})

rootTest(test, 'whatever the umask of the caller, devices and places have the modes and numbers that programs expect', async () => {
  const path = await busybox()
  const before = process.umask(0o077)
  try {
    const entries = [parseTmpfs('/made/deeper'), bind('/etc/passwd', '/made/file')]
    const { stdout } = await inside('umask; stat -c "%n %a %t:%T" /dev/full /dev/null /dev/random /dev/tty /dev/urandom /dev/zero; stat -c "%a" /dev /dev/shm /dev/pts/ptmx', { mounts: entries })
    assert.equal(stdout.trim().split('\n'), ['0022', '/dev/full 666 1:7', '/dev/null 666 1:3', '/dev/random 666 1:8', '/dev/tty 666 5:0',
      '/dev/urandom 666 1:9', '/dev/zero 666 1:5', '755', '755', '666'])
    assert.equal(['', 'deeper', 'file'].map((name) => statSync(join(path, 'made', name)).mode & 0o777), [0o755, 0o755, 0o644])
  } finally {
    process.umask(before)
    rmSync(join(path, 'made'), { recursive: true, force: true })
  }
})

rootTest(test, 'the escape of chapter 01 ends at the container\'s own root', async () => {
  writeFileSync(join(dir, 'secret'), 'outside')
  const path = await busybox()
  const { stdout } = await run([pid({ mode: 'private' }), mounts({ root: { path } }), escape()], ['/bin/sh', '-c', `cat ${dir}/secret; ls / | head -1`])
  assert.is(stdout, 'bin\n')
  rmSync(join(path, 'jail'), { recursive: true, force: true })
})

rootTest(test, 'bind mounts: a directory, a file, read-only or not', async () => {
  mkdirSync(join(dir, 'a/b'), { recursive: true })
  writeFileSync(join(dir, 'a/b/file'), 'content\n')
  const { stdout, stderr, code } = await inside('cat /data/b/file /etc/one; echo new > /data/b/new; echo x > /ro/b/x', {
    mounts: [bind(join(dir, 'a'), '/data'), bind(join(dir, 'a/b/file'), '/etc/one', 'ro'), bind(join(dir, 'a'), '/ro', 'ro')],
  })
  assert.is(stdout, 'content\ncontent\n')
  assert.match(stderr, /\/ro\/b\/x: Read-only file system/)
  assert.is(code, 1)
  assert.equal(readdirSync(join(dir, 'a/b')), ['file', 'new'])
  rmSync(join(await busybox(), 'etc/one'))
  for (const name of ['data', 'ro']) rmSync(join(await busybox(), name), { recursive: true })
})

rootTest(test, 'what is mounted below a source comes along; ro is not for it, rro is', async () => {
  mkdirSync(join(dir, 'sub'))
  const made = [mount('none', join(dir, 'sub'), 'tmpfs', 0, null)] // in the container's own table, before anything is bound
  const script = 'echo content > /tmp/rw/sub/file; for at in ro rro; do touch /tmp/$at/x /tmp/$at/sub/x; cat /tmp/$at/sub/file; done'
  const { stdout, stderr } = await inside(script, {
    root: { path: await busybox(), made },
    mounts: [parseTmpfs('/tmp'), ...['rw', 'ro', 'rro'].map((word) => bind(dir, `/tmp/${word}`, word))],
  })
  assert.is(stdout, 'content\ncontent\n')
  assert.equal(stderr.match(/\/tmp\S+(?=: Read-only file system)/g), ['/tmp/ro/x', '/tmp/rro/x', '/tmp/rro/sub/x'])
  assert.equal(readdirSync(join(dir, 'sub')), [])
})

rootTest(test, 'a read-only root cannot be written to, a tmpfs in it can', async () => {
  const path = await busybox()
  const { stderr, stdout } = await inside('echo x > /etc/x; echo y > /tmp/y; cat /tmp/y; df /tmp | tail -1 | tr -s " " | cut -d " " -f 2', { root: { path, readonly: true }, mounts: [parseTmpfs('/tmp:size=128k')] })
  assert.match(stderr, /\/etc\/x: Read-only file system/)
  assert.is(stdout, 'y\n128\n')
})

rootTest(test, 'a file for a directory, a directory for a file, a missing source: one line that says so', async () => {
  const cases: readonly [Mount, RegExp][] = [
    [{ ...bind('/etc/passwd', '/etc') }, /^move_mount\(.*\): \w+ \([^)]+\): the file \/etc\/passwd at \/etc, which must be a file too$/],
    [{ ...bind('/etc', '/etc/passwd') }, /the directory \/etc at \/etc\/passwd, which must be a directory too$/],
    [{ destination: '/x', type: 'bind', source: '/nope' }, /^open_tree\(AT_FDCWD, "\/nope", .*\): ENOENT/],
    [{ destination: '/proc/x/y', type: 'tmpfs' }, /ENOENT|EPERM|EACCES/],
    [{ destination: '/x', type: 'nofs' }, /^fsopen\("nofs", FSOPEN_CLOEXEC\): ENODEV/],
    [{ destination: '/x', type: 'tmpfs', options: ['colour=red'] }, /^fsconfig\(.*"colour", "red", 0\): EINVAL/],
  ]
  for (const [mount, message] of cases) {
    await inside('true', { mounts: [mount] }).then(() => assert.unreachable(`${mount.destination} ${mount.source}`), (error: Error) => assert.match(error.message, message))
  }
  rmSync(join(await busybox(), 'x'), { recursive: true, force: true })
})

rootTest(test, 'with rslave, what the host mounts later is seen; with private, or without a word, it is not', async () => {
  // Inside a mount namespace of its own (the first container), with a shared directory that plays the host.
  const path = await busybox()
  for (const [option, expected] of [['rslave', 'later\n'], ['rprivate', ''], ['rbind', '']] as const) { // rbind: without a word
    const host = `mount -t tmpfs none ${dir} && mount --make-shared ${dir} && mkdir ${dir}/sub`
    const { stdout, stderr } = await run([{ name: 'host', flags: CLONE_NEWNS }], ['sh', '-c', `mount --make-rprivate / && ${host} && exec "$@"`, 'sh',
      process.execPath, '--import', 'tsx', new URL('fixtures/slave.ts', import.meta.url).pathname, path, dir, option], { env: [`PATH=${process.env['PATH']}`], cwd: process.cwd() })
    assert.is(stdout, expected, stderr)
  }
  rmSync(join(path, 'shared'), { recursive: true, force: true })
})

test.run()
