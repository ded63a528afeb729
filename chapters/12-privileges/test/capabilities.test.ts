// Capabilities, users and limits of a process: as data, and as the kernel has them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  accountFiles, boundingSet, capabilities, DEFAULT_CAPABILITIES, identity, parseUlimit, resolve, resolveUser, rlimits, same,
} from '@pocker/privileges'
import { CAP, noNewPrivileges, run, type Isolation } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'

const ALL = Object.keys(CAP)

test('--cap-add and --cap-drop, as Docker reads them', () => {
  const cases: readonly [Parameters<typeof resolve>[0], readonly string[]][] = [
    [{}, DEFAULT_CAPABILITIES],
    [{ add: ['NET_ADMIN'] }, [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']],
    [{ add: ['cap_sys_time'], drop: ['CHOWN'] }, [...DEFAULT_CAPABILITIES.filter((name) => name !== 'CAP_CHOWN'), 'CAP_SYS_TIME']],
    [{ drop: ['ALL'] }, []],
    [{ drop: ['ALL'], add: ['KILL'] }, ['CAP_KILL']],
    [{ add: ['ALL'], drop: ['MKNOD'] }, ALL.filter((name) => name !== 'CAP_MKNOD')],
    [{ add: ['ALL'] }, ALL],
    [{ privileged: true }, ALL],
  ]
  for (const [wish, names] of cases) assert.equal(resolve(wish, ALL).toSorted(), [...names].toSorted(), JSON.stringify(wish))
})

test('nobody gives what he has not', () => {
  const held = ALL.filter((name) => name !== 'CAP_SYS_RESOURCE')
  assert.not.ok(resolve({ privileged: true }, held).includes('CAP_SYS_RESOURCE'))
  assert.throws(() => resolve({ add: ['SYS_RESOURCE'] }, held), /^--cap-add: expected some of what pocker itself may have, got CAP_SYS_RESOURCE$/)
  assert.throws(() => resolve({ drop: ['EVERYTHING'] }, ALL), /^capability: expected ALL or a name such as NET_ADMIN, got "EVERYTHING"$/)
})

test('a set holds no more than what limits it', () => {
  assert.throws(() => capabilities({ effective: ['CAP_KILL'] }), /^capabilities\.effective: expected no more than permitted has, got CAP_KILL$/)
  assert.throws(() => capabilities({ permitted: ['CAP_KILL'], ambient: ['CAP_KILL'] }), /^capabilities\.ambient: expected no more than inheritable/)
  assert.throws(() => capabilities({ bounding: ['CAP_FLY'] }), /^capabilities: expected a name such as CAP_CHOWN, got "CAP_FLY"$/)
})

const passwd = 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www:/var/www:/bin/false\nbroken\nx:y\n1000:x:5:5::/odd:/bin/sh\n'
const group = 'root:x:0:\nwww-data:x:33:\nadm:x:4:www-data,root\naudio:x:29:www-data\n'

test('users and groups by name and by number', () => {
  const cases: readonly [string, string[], number, number, number[], string][] = [
    ['', [], 0, 0, [0, 4], '/root'], ['root', [], 0, 0, [0, 4], '/root'], ['0', [], 0, 0, [0, 4], '/root'],
    ['www-data', [], 33, 33, [4, 29, 33], '/var/www'], ['33', [], 33, 33, [4, 29, 33], '/var/www'],
    ['www-data:adm', [], 33, 4, [4], '/var/www'], ['33:7', [], 33, 7, [7], '/var/www'], ['4711', [], 4711, 0, [0], '/'],
    ['4711:audio', ['adm', '99'], 4711, 29, [4, 29, 99], '/'], ['033', [], 33, 33, [4, 29, 33], '/var/www'],
    ['1000', [], 1000, 0, [0], '/'], // a number is never a name, or an image's 1000 could be root
  ]
  for (const [text, add, uid, gid, additionalGids, home] of cases) {
    assert.equal(resolveUser(text, { passwd, group }, add), { uid, gid, additionalGids, home }, text)
  }
  assert.equal(resolveUser('', { passwd: '', group: '' }), { uid: 0, gid: 0, additionalGids: [0], home: '/' })
  for (const gid of ['', 'abc', '0x10', '-1']) { // no line of a passwd: nobody becomes root's group by it
    assert.throws(() => resolveUser('bob', { passwd: `bob:x:1000:${gid}::/home/bob:/bin/sh`, group }), /^--user: expected a number, or a name/)
  }
  for (const [text, message] of [
    ['nobody', /^--user: expected a number, or a name in the container's \/etc\/passwd, got "nobody"$/],
    ['root:wheel', /^--user: expected a number, or a name in the container's \/etc\/group, got "wheel"$/],
    ['a:b:c', /^--user: expected USER or USER:GROUP/], ['99999999999', /^--user: /], ['-1', /^--user: /],
  ] as const) assert.throws(() => resolveUser(text, { passwd, group }), message)
  assert.throws(() => resolveUser('root', { passwd, group }, ['wheel']), /^--group-add: expected a number, or a name/)
})

rootTest(test, 'the container\'s accounts are read within its root, wherever a link points', () => {
  const dir = mkdtempSync(join(tmpdir(), 'accounts-'))
  try {
    mkdirSync(join(dir, 'etc'))
    mkdirSync(join(dir, 'real'))
    writeFileSync(join(dir, 'real/passwd'), 'inside:x:7:7::/:/bin/sh\n')
    symlinkSync('/real/passwd', join(dir, 'etc/passwd'))
    symlinkSync('../../../../../../etc/group', join(dir, 'etc/group')) // of the host, if it were followed there
    assert.throws(() => accountFiles(dir), /ELOOP/) // within the root it points to itself
    rmSync(join(dir, 'etc/group'))
    assert.equal(accountFiles(dir), { passwd: 'inside:x:7:7::/:/bin/sh\n', group: '' })
    execFileSync('mkfifo', [join(dir, 'etc/group')])
    assert.throws(() => accountFiles(dir), /^\/etc\/group: expected a file of at most/)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('limits: a soft and a hard one', () => {
  assert.equal(parseUlimit('nofile=1024:4096'), { type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 })
  assert.equal(parseUlimit('core=-1'), { type: 'RLIMIT_CORE', soft: -1, hard: -1 })
  const most = parseUlimit('memlock=9223372036854775807')
  assert.equal(most, { type: 'RLIMIT_MEMLOCK', soft: 2n ** 63n - 1n, hard: 2n ** 63n - 1n })
  assert.equal(rlimits([most]).child?.[0]?.args[2], { rlim_cur: 2n ** 63n - 1n, rlim_max: 2n ** 63n - 1n })
  assert.throws(() => parseUlimit('files=1'), /^--ulimit: expected one of cpu, fsize, .*, got files$/)
  assert.throws(() => parseUlimit('nofile'), /^--ulimit: expected NAME=SOFT:HARD/)
  const limit = (soft: number, hard: number) => [{ type: 'RLIMIT_NOFILE', soft, hard }]
  assert.throws(() => rlimits(limit(5, 4)), /^rlimits: expected a soft RLIMIT_NOFILE of at most the hard one, got 5 and 4$/)
  assert.throws(() => rlimits(limit(-1, 4)), /soft RLIMIT_NOFILE/)
  assert.throws(() => rlimits([...limit(1, 1), ...limit(1, 1)]), /^rlimits: expected each limit once, got RLIMIT_NOFILE twice$/)
  assert.throws(() => rlimits([{ type: 'RLIMIT_X', soft: 1, hard: 1 }]), /^rlimits: expected a name such as RLIMIT_NOFILE, got "RLIMIT_X"$/)
})

const sets = (status: string): Record<string, string[]> => Object.fromEntries(['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name) =>
  [name, boundingSet(`CapBnd:\t${new RegExp(`^Cap${name}:\\t(\\w+)$`, 'm').exec(status)?.[1]}`)]))
const held = boundingSet(readFileSync('/proc/self/status', 'utf8'))

rootTest(test, 'root has the sets that were asked for, and no program brings a dropped one back', async () => {
  const { bounded, set } = capabilities(same(DEFAULT_CAPABILITIES))
  const { stdout } = await run([bounded, identity({ uid: 0, gid: 0 }), set], ['cat', '/proc/self/status'])
  const wanted = ALL.filter((name) => DEFAULT_CAPABILITIES.includes(name))
  assert.equal(sets(stdout), { Inh: [], Prm: wanted, Eff: wanted, Bnd: wanted, Amb: [] })
})

rootTest(test, 'a user who is not root has none, but for the ambient ones', async () => {
  const who = identity({ uid: 1234, gid: 2345, additionalGids: [7, 9] })
  const plain = capabilities(same(['CAP_KILL', 'CAP_CHOWN']))
  const { stdout } = await run([plain.bounded, who, plain.set], ['cat', '/proc/self/status'])
  assert.equal(sets(stdout), { Inh: [], Prm: [], Eff: [], Bnd: ['CAP_CHOWN', 'CAP_KILL'], Amb: [] })
  assert.match(stdout, /^Uid:\t1234\t1234\t1234\t1234\nGid:\t2345\t2345\t2345\t2345$/m)
  assert.match(stdout, /^Groups:\t7 9 *$/m)
  const names = ['CAP_KILL']
  const kept = capabilities({ ...same(names), inheritable: names, ambient: names })
  const ambient = await run([kept.bounded, who, kept.set], ['cat', '/proc/self/status'])
  assert.equal(sets(ambient.stdout), { Inh: names, Prm: names, Eff: names, Bnd: names, Amb: names })
})

rootTest(test, 'without CAP_CHOWN nothing is given away, and all that is held can be given', async () => {
  const { bounded, set } = capabilities(same(resolve({ drop: ['CHOWN'] }, held)))
  const { code, stderr } = await run([bounded, set], ['sh', '-c', 'f=$(mktemp); chown 5 $f; c=$?; rm $f; exit $c'])
  assert.is(code, 1)
  assert.match(stderr, /Operation not permitted/)
  const privileged = capabilities(same(resolve({ privileged: true }, held)))
  assert.equal(sets((await run([privileged.bounded, privileged.set], ['cat', '/proc/self/status'])).stdout)['Eff'], held)
})

rootTest(test, 'no new privileges, and limits, are what the process has', async () => {
  const nnp: Isolation = { name: 'nnp', child: [noNewPrivileges()] }
  const { stdout } = await run([nnp, rlimits([{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }, { type: 'RLIMIT_CORE', soft: 0, hard: 0 }])],
    ['sh', '-c', 'grep NoNewPrivs /proc/self/status; ulimit -Sn; ulimit -Hn; ulimit -c'])
  assert.is(stdout, 'NoNewPrivs:\t1\n100\n200\n0\n')
})

test.run()
