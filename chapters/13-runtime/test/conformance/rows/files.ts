// config.md, Root and Mounts; config-linux.md, default file systems and devices; runtime-linux.md.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { host, isAlive, until, type Bench, type Box } from '../bench.ts'
import type { Config } from '../config.ts'
import { does, inside, refuses, type Change, type Inside, type Row } from '../row.ts'

const ROOT = 'config.md, Root'
const MOUNTS = 'config.md, Mounts'
const DEFAULT_FS = 'config-linux.md, Default Filesystems'
const DEFAULT_DEVICES = 'config-linux.md, Default Devices'
const DEVICES = 'config-linux.md, Devices'
const LINKS = 'runtime-linux.md, Dev symbolic links'

/** What the kernel says of a mount: its options, its propagation, and the file system. The last one there counts. */
const mountinfo = (path: string): string => `awk '$5 == "${path}"' /proc/self/mountinfo | tail -n 1`
const optionsOf = (line: string): string[] => {
  const [before = '', after = ''] = line.split(' - ')
  return [...before.split(' ')[5]?.split(',') ?? [], ...after.split(' ')[2]?.split(',') ?? []]
}
const propagationOf = (line: string): string => line.split(' - ')[0]?.split(' ').slice(6).join(' ') ?? ''
const has = (...wanted: string[]) => (line: string): void => {
  const got = optionsOf(line)
  for (const option of wanted) assert.ok(got.includes(option), `${option} is not in ${got.join(',') || 'nothing, as there is no mount'}`)
}
const hasNot = (...unwanted: string[]) => (line: string): void => {
  const got = optionsOf(line)
  assert.notEqual(line, '', 'there is no mount')
  for (const option of unwanted) assert.ok(!got.includes(option), `${option} is in ${got.join(',')}`)
}

/** A directory of the host's with a file system within it, to be bound. */
function source(box: Box, name = 'source', propagation = 'private'): string {
  const dir = join(box.bundle, name)
  mkdirSync(dir)
  host('mount', '-t', 'tmpfs', 'outer', dir)
  host('mount', `--make-${propagation}`, dir)
  mkdirSync(join(dir, 'sub'))
  host('mount', '-t', 'tmpfs', 'inner', join(dir, 'sub'))
  host('mount', `--make-${propagation}`, join(dir, 'sub'))
  writeFileSync(join(dir, 'file'), 'outer\n')
  writeFileSync(join(dir, 'sub/file'), 'inner\n')
  return dir
}

/** One bind mount for each list of options, all of them in one container. */
const bound = (lists: Readonly<Record<string, readonly string[]>>, propagation = 'private'): Change => (config, _, box) => {
  for (const [name, options] of Object.entries(lists)) {
    config.mounts.push({ destination: `/b/${name}`, type: 'none', source: source(box, name, propagation), options: [...options] })
  }
}
const tmpfs = (lists: Readonly<Record<string, readonly string[]>>): Change => (config) => {
  for (const [name, options] of Object.entries(lists)) {
    config.mounts.push({ destination: `/t/${name}`, type: 'tmpfs', source: 'tmpfs', options: [...options] })
  }
}

/** Options of a bind mount, how they are named, and what the kernel shows for them. */
const BIND: readonly (readonly [option: string, check: (line: string) => void])[] = [
  ['ro', has('ro')], ['rw', hasNot('ro')], ['nosuid', has('nosuid')], ['suid', hasNot('nosuid')], ['nodev', has('nodev')],
  ['dev', hasNot('nodev')], ['noexec', has('noexec')], ['exec', hasNot('noexec')], ['noatime', has('noatime')],
  ['nodiratime', has('nodiratime')], ['relatime', has('relatime')], ['strictatime', hasNot('relatime', 'noatime')],
  ['nosymfollow', has('nosymfollow')],
]
/** Taken, though nothing need be seen of them. */
const SUPERBLOCK = [
  'sync', 'async', 'dirsync', 'lazytime', 'nolazytime', 'defaults', 'atime', 'diratime', 'norelatime', 'nostrictatime', 'loud',
  'silent', 'iversion', 'noiversion', 'mand', 'nomand',
]
/** The same, for the file system below, too. @see config.md, "Linux mount options", the r… options */
const RECURSIVE: readonly (readonly [option: string, check: (line: string) => void])[] = [
  ['rro', has('ro')], ['rnosuid', has('nosuid')], ['rnodev', has('nodev')], ['rnoexec', has('noexec')], ['rnoatime', has('noatime')],
  ['rnosymfollow', has('nosymfollow')],
]
const PROPAGATION: readonly (readonly [option: string, expected: RegExp])[] = [
  ['shared', /^shared:\d+/], ['slave', /^master:\d+/], ['private', /^$/], ['unbindable', /^unbindable/],
  ['rshared', /^shared:\d+/], ['rslave', /^master:\d+/], ['rprivate', /^$/], ['runbindable', /^unbindable/],
]
const lists = (options: readonly string[], more: readonly string[]): Record<string, string[]> =>
  Object.fromEntries(options.map((option) => [option, [...more, option]]))

const root: readonly Row[] = [
  ...inside({}, [
    [ROOT, 'not read-only unless it is asked for', 'echo x > /written && cat /written', 'x'],
    [ROOT, 'what is outside of it cannot be reached', 'ls -di / /.. | awk \'{ print $1 }\' | uniq | wc -l', '1'],
  ]),
  ...inside({ change: (config) => { config.root.readonly = true } }, [
    [ROOT, 'read-only: nothing can be written', 'echo x > /written', /read-only file system/i],
    [ROOT, 'read-only: mounts in it can be written all the same', 'echo x > /dev/shm/written && cat /dev/shm/written', 'x'],
  ]),
  refuses(ROOT, 'a path that is not there is an error', (config) => { config.root.path = 'none' }),
  refuses(ROOT, 'a path that is a file is an error', (config) => { config.root.path = 'config.json' }),
  ...inside({ change: (config, _, box) => { config.root.path = box.rootfs } }, [
    [ROOT, 'an absolute path is taken as it is', 'ls /bin/busybox', '/bin/busybox'],
  ]),
]

/** A container that waits, with a shared directory of the host's at /b. */
function later(t: Bench, option: string, look: (box: Box, dir: string) => void): void {
  let dir = ''
  const box = t.box((config, _, box) => {
    dir = source(box, 'source', 'shared')
    mkdirSync(join(dir, 'late'))
    config.mounts.push({ destination: '/b', type: 'none', source: dir, options: ['rbind', option] })
    if (option === 'rshared') config.linux['rootfsPropagation'] = 'shared'
  }).must('create')
  look(box, dir)
}

const order: Change = (config, _, box) => {
  const [one, two] = ['one', 'two'].map((name) => {
    const dir = join(box.bundle, name)
    mkdirSync(join(dir, 'within'), { recursive: true })
    writeFileSync(join(dir, 'name'), `${name}\n`)
    return dir
  })
  const bind = (destination: string, path = '', options = ['bind']): void => void config.mounts.push({ destination, type: 'bind', source: path, options })
  bind('/parent', one)
  bind('/parent/within', two)
  bind('/hidden/deep', one)
  bind('/hidden', two)
  bind('/a/file', join(one ?? '', 'name'))
  bind('/relative', 'one')
  symlinkSync('/real', join(box.rootfs, 'link'))
  mkdirSync(join(box.rootfs, 'real'))
  bind('/link/down', one)
  symlinkSync('/../../../../../../real', join(box.rootfs, 'out'))
  bind('/out/side', one)
}

const twice: Change = (config, _, box) => {
  for (const name of ['one', 'two']) {
    const dir = join(box.bundle, name)
    mkdirSync(dir)
    writeFileSync(join(dir, 'name'), `${name}\n`)
    config.mounts.push({ destination: '/same', type: 'bind', source: dir, options: ['bind'] })
  }
}

const mounts: readonly Row[] = [
  ...inside({ change: twice }, [[MOUNTS, 'in the listed order: the later of two at one place is seen', 'cat /same/name', 'two']]),
  ...inside({ change: order }, [
    [MOUNTS, 'in the listed order: one within another', 'cat /parent/name /parent/within/name', 'one\ntwo'],
    [MOUNTS, 'in the listed order: a later one hides what is below it', 'ls /hidden; ls /hidden/deep', /^name\nwithin\nls: .*No such file/],
    [MOUNTS, 'a file can be bound', 'cat /a/file', 'one'],
    [MOUNTS, 'a relative source is relative to the bundle', 'cat /relative/name', 'one'],
    [MOUNTS, 'a destination through a link of the image stays within it', 'cat /real/down/name /real/side/name', 'one\none'],
  ]),
  refuses(MOUNTS, 'a source that is not there is an error', (config) => {
    config.mounts.push({ destination: '/data', type: 'bind', source: '/no/such/source', options: ['rbind'] })
  }),
  refuses('config.md, Valid values', 'a file system that the kernel lacks is an error', (config) => {
    config.mounts.push({ destination: '/data', type: 'nosuchfs', source: 'none' })
  }),
  ...inside({ change: bound({ bind: ['bind'], rbind: ['rbind'] }) }, [
    [MOUNTS, 'bind takes one file system', 'cat /b/bind/file; ls /b/bind/sub', 'outer'],
    [MOUNTS, 'rbind takes those below, too', 'cat /b/rbind/file /b/rbind/sub/file', 'outer\ninner'],
    [MOUNTS, 'a bind mount can be written to', 'echo x > /b/bind/new && cat /b/bind/new', 'x'],
  ]),
  ...inside({ change: bound(lists(BIND.map(([option]) => option), ['bind'])) }, BIND.map(([option, check]): Inside =>
    [`${MOUNTS}, options`, `${option} of a bind mount`, mountinfo(`/b/${option}`), check])),
  ...inside({ change: tmpfs(lists(BIND.map(([option]) => option), [])) }, BIND.map(([option, check]): Inside =>
    [`${MOUNTS}, options`, `${option} of a new file system`, mountinfo(`/t/${option}`), check])),
  ...SUPERBLOCK.flatMap((option) => inside({ change: tmpfs({ [option]: [option] }) }, [
    [`${MOUNTS}, options`, `${option} is known`, mountinfo(`/t/${option}`), / - tmpfs /],
  ])),
  ...inside({ change: tmpfs({ sync: ['sync'], dirsync: ['dirsync'] }) }, [
    [`${MOUNTS}, options`, 'sync is set', mountinfo('/t/sync'), has('sync')],
    [`${MOUNTS}, options`, 'dirsync is set', mountinfo('/t/dirsync'), has('dirsync')],
  ]),
  ...RECURSIVE.flatMap(([option, check]) => inside({ change: bound({ [option]: ['rbind', option] }) }, [
    [`${MOUNTS}, options`, `${option}: where it is mounted`, mountinfo(`/b/${option}`), check],
    [`${MOUNTS}, options`, `${option}: and below`, mountinfo(`/b/${option}/sub`), check],
  ])),
  ...inside({ change: bound({ ro: ['rbind', 'ro'] }) }, [
    [`${MOUNTS}, options`, 'ro is for the one mount, not for those below', 'echo x > /b/ro/sub/new && cat /b/ro/sub/new', 'x'],
  ]),
  ...inside({ change: bound(lists(PROPAGATION.map(([option]) => option), ['rbind']), 'shared') }, PROPAGATION.map(([option, expected]): Inside =>
    [`${MOUNTS}, options`, `${option} is how it propagates`, mountinfo(`/b/${option}`), (line) => {
      assert.notEqual(line, '', 'there is no mount')
      assert.match(propagationOf(line), expected)
    }])),
  does(`${MOUNTS}, options`, 'rslave: what is mounted at the source later is seen', (t) => later(t, 'rslave', (box, dir) => {
    host('mount', '-t', 'tmpfs', 'later', join(dir, 'late'))
    writeFileSync(join(dir, 'late/file'), 'later')
    assert.match(readFileSync(`/proc/${box.state().pid}/mountinfo`, 'utf8'), / \/b\/late .* later /)
  })),
  does(`${MOUNTS}, options`, 'rprivate: what is mounted at the source later is not', (t) => later(t, 'rprivate', (box, dir) => {
    host('mount', '-t', 'tmpfs', 'later', join(dir, 'late'))
    assert.doesNotMatch(readFileSync(`/proc/${box.state().pid}/mountinfo`, 'utf8'), / later /)
  })),
  does(`${MOUNTS}, options`, 'rshared: what is mounted in the container is seen at the source', (t) => later(t, 'rshared', (box, dir) => {
    const group = (text: string, path: string): string | undefined =>
      text.split('\n').filter((line) => line.split(' ')[4] === path).map((line) => /shared:\d+/.exec(line)?.[0]).at(-1)
    const own = group(readFileSync(`/proc/${box.state().pid}/mountinfo`, 'utf8'), '/b')
    assert.equal(own, group(readFileSync('/proc/self/mountinfo', 'utf8'), dir))
    assert.ok(own)
  })),
  ...inside({ change: bound({ rshared: ['rbind', 'rshared'], rslave: ['rbind', 'rslave'] }, 'shared') }, [
    [`${MOUNTS}, options`, 'rshared: those below, too', mountinfo('/b/rshared/sub'), (line) => assert.match(propagationOf(line), /^shared:/)],
    [`${MOUNTS}, options`, 'rslave: those below, too', mountinfo('/b/rslave/sub'), (line) => assert.match(propagationOf(line), /^master:/)],
  ]),
  ...inside({ change: tmpfs({ data: ['size=64k', 'mode=700', 'uid=5', 'gid=6', 'nr_inodes=10'] }) }, [
    [`${MOUNTS}, options`, 'a word that is no flag goes to the file system: size', mountinfo('/t/data'), has('size=64k')],
    [`${MOUNTS}, options`, 'a word that is no flag goes to the file system: mode, uid, gid', 'stat -c "%a %u %g" /t/data', '700 5 6'],
  ]),
  ...inside({ change: (config) => { config.mounts.push({ destination: 'relative', type: 'tmpfs', source: 'tmpfs' }) } }, [
    [MOUNTS, 'a relative destination is taken from the root, as older versions have it', mountinfo('/relative'), / - tmpfs /],
  ]),
]

const FILE_SYSTEMS = { '/proc': 'proc', '/sys': 'sysfs', '/dev/pts': 'devpts', '/dev/shm': 'tmpfs' }
/** @see config-linux.md, "Default Devices" */
const CHARACTER = { null: '1:3', zero: '1:5', full: '1:7', random: '1:8', urandom: '1:9', tty: '5:0' }
const DEV_LINKS = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2' }

const defaults: readonly Row[] = inside({}, [
  ...Object.entries(FILE_SYSTEMS).map(([path, type]): Inside => [DEFAULT_FS, `${path} is ${type}`, mountinfo(path), new RegExp(` - ${type} `)]),
  ...Object.entries(CHARACTER).flatMap(([name, number]): Inside[] => [
    [DEFAULT_DEVICES, `/dev/${name} is ${number}`, `stat -c '%F %t:%T' /dev/${name}`, `character special file ${number}`],
    [DEFAULT_DEVICES, `/dev/${name} is everybody's`, `stat -c '%a %u %g' /dev/${name}`, '666 0 0'],
  ]),
  [DEFAULT_DEVICES, '/dev/ptmx is that of its own /dev/pts', 'readlink /dev/ptmx || stat -c %d:%i /dev/ptmx', /^(\/dev\/)?pts\/ptmx$/],
  [DEFAULT_DEVICES, 'no /dev/console without a terminal', 'ls /dev/console', /No such file/],
  ...Object.entries(DEV_LINKS).map(([name, target]): Inside => [LINKS, `/dev/${name} leads to ${target}`, `readlink /dev/${name}`, target]),
])

const devices = (...list: object[]): Change => (config) => { config.linux['devices'] = list }
const known: readonly object[] = [
  { path: '/dev/chosen', type: 'c', major: 1, minor: 3, fileMode: 0o640, uid: 11, gid: 12 },
  { path: '/dev/unbuffered', type: 'u', major: 1, minor: 5, fileMode: 0o600 },
  { path: '/dev/disk', type: 'b', major: 7, minor: 300, fileMode: 0o660 },
  { path: '/dev/pipe', type: 'p', fileMode: 0o622 },
  { path: '/else/where', type: 'c', major: 1, minor: 3, fileMode: 0o666 },
]
const extra: readonly Row[] = [
  ...inside({ change: devices(...known) }, [
    [DEVICES, 'c: a character device with its numbers', 'stat -c "%F %t:%T" /dev/chosen', 'character special file 1:3'],
    [DEVICES, 'u: an unbuffered one', 'stat -c "%F %t:%T" /dev/unbuffered', 'character special file 1:5'],
    [DEVICES, 'b: a block device, with a number above 255', 'stat -c "%F %t:%T" /dev/disk', 'block special file 7:12c'],
    [DEVICES, 'p: a named pipe', 'stat -c "%F" /dev/pipe', 'fifo'],
    [DEVICES, 'fileMode is its mode, whatever the umask', 'stat -c %a /dev/chosen /dev/pipe', '640\n622'],
    [DEVICES, 'uid and gid are its owners', 'stat -c "%u %g" /dev/chosen', '11 12'],
    [DEVICES, 'the path may be outside of /dev', 'stat -c "%F %t:%T" /else/where', 'character special file 1:3'],
    [DEVICES, 'it can be used', 'echo x > /dev/chosen && echo yes', 'yes'],
  ]),
  refuses(DEVICES, 'a file at its path that is no such device is an error', (config, _, box) => {
    mkdirSync(join(box.rootfs, 'else'))
    writeFileSync(join(box.rootfs, 'else/where'), '')
    devices({ path: '/else/where', type: 'c', major: 1, minor: 3 })(config, _, box)
  }),
  refuses('config.md, Valid values', 'a type of device that there is none of is an error', devices({ path: '/dev/x', type: 'x', major: 1, minor: 3 })),
]

/** Nobody takes the terminal out of the socket, so it stays open as long as the socket does. */
function withTerminal(t: Bench, script: string, change: (config: Config) => void = () => {}): string {
  const box = t.box((config) => {
    config.process.args = ['/bin/sh', '-c', `( ${script} ) > /said 2>&1`]
    config.process['terminal'] = true
    change(config)
  })
  const path = join(t.dir, `${box.id}.sock`)
  const server = createServer().listen(path)
  try {
    const made = box.create('--console-socket', path)
    assert.equal(made.code, 0, made.stderr)
    const { pid = 0 } = box.state()
    box.must('start')
    until('the script ends', () => !isAlive(pid))
    return readFileSync(join(box.rootfs, 'said'), 'utf8').trimEnd()
  } finally {
    server.close()
  }
}
const TERMINAL = 'config.md, Process, terminal'
const terminals: readonly Row[] = [
  does(TERMINAL, 'the standard descriptors are one, of its own /dev/pts', (t) => {
    const said = withTerminal(t, 'tty <&0; for i in 0; do readlink /proc/1/fd/$i; done')
    assert.equal(said, '/dev/pts/0\n/dev/pts/0')
  }),
  does(DEFAULT_DEVICES, '/dev/console is there with a terminal, and is that', (t) =>
    assert.equal(withTerminal(t, 'stat -c "%F %t:%T" /dev/console; stat -c "%F %t:%T" /dev/pts/0'), 'character special file 88:0\ncharacter special file 88:0')),
  does(TERMINAL, 'it is the controlling one', (t) => assert.equal(withTerminal(t, 'echo x > /dev/tty && echo yes'), 'yes')),
  does('config.md, Process, consoleSize', 'it has that size', (t) => assert.equal(withTerminal(t, 'stty size', ({ process }) => {
    process['consoleSize'] = { height: 30, width: 90 }
  }), '30 90')),
]

const maps: readonly Row[] = [
  refuses('config.md, Valid values, unsupported', 'maps of a mount that are no maps', (config) => {
    config.mounts.push(Object.assign({ destination: '/m', type: 'tmpfs', source: 'tmpfs' }, { uidMappings: 'all', gidMappings: 'all' }))
  }),
]

export const FILES: readonly Row[] = [...root, ...mounts, ...defaults, ...extra, ...terminals, ...maps]
