// What a program may do: by default next to nothing, and what was asked for by name.
import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busybox, rootTest } from '@pocker/testing'
import type { Options } from '../src/flags.ts'
import { privileges } from '../src/privileges.ts'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
let dir = ''
test.before(() => {
  dir = mkdtempSync(join(tmpdir(), 'privileges-'))
  execFileSync('g++', ['-x', 'c', '-static', '-o', join(dir, 'probe'), fileURLToPath(new URL('fixtures/probe.c', import.meta.url))])
})
test.after(() => rmSync(dir, { recursive: true }))

const pocker = async (flags: readonly string[], ...program: string[]): Promise<SpawnSyncReturns<string>> =>
  spawnSync(process.execPath, [bin, 'run', ...flags, await busybox(), ...program], { encoding: 'utf8' })
const probe = async (...flags: string[]): Promise<Record<string, string>> => {
  const { stdout, stderr } = await pocker([...flags, '-v', `${dir}:/home`], '/home/probe')
  assert.is(stderr, '')
  return Object.fromEntries(stdout.trim().split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), line.split(' ').at(-1) ?? '']))
}

/** What is not refused with EPERM, and why that is as good. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  '/proc/sys/kernel/hostname': ['EROFS'], '/proc/sysrq-trigger': ['EROFS', 'ENOENT'], '/proc/irq/default_smp_affinity': ['EROFS'],
  '/sys/kernel/uevent_helper': ['EROFS', 'EACCES', 'ENOENT'], '/sys/power/state': ['EROFS', 'EACCES', 'ENOENT'],
  '/proc/1/oom_score_adj': ['OK'], // its own, and it can only be raised
  io_uring_setup: ['EPERM', 'ENOSYS'],
}

rootTest(test, 'with default privileges each of them is refused before the kernel looks at the arguments', async () => {
  const answers = await probe()
  assert.ok(Object.keys(answers).length > 40)
  for (const [name, answer] of Object.entries(answers)) assert.ok((OTHERWISE[name] ?? ['EPERM']).includes(answer), `${name}: ${answer}`)
})

rootTest(test, 'the probe does find holes: a privileged container gets beyond the permission check', async () => {
  const answers = await probe('--privileged')
  const refused = Object.entries(answers).filter(([, answer]) => answer === 'EPERM').map(([name]) => name)
  assert.ok(refused.length < 6, refused.join())
  for (const name of ['mount', 'setns', 'sethostname', 'reboot']) assert.is.not(answers[name], 'EPERM', name)
})

rootTest(test, 'capabilities alone refuse it too, without the filter; and the filter without the capabilities', async () => {
  const unfiltered = await probe('--security-opt', 'seccomp=unconfined')
  for (const name of ['reboot', 'sethostname', 'acct']) assert.is(unfiltered[name], 'EPERM', name)
  const all = await probe('--cap-add', 'ALL', '--security-opt', 'seccomp=unconfined')
  assert.is.not(all['reboot'], 'EPERM')
})

const status = async (...flags: string[]): Promise<string> => (await pocker(flags, 'cat', '/proc/self/status')).stdout

rootTest(test, 'Docker\'s fourteen capabilities, a filter, and what flags make of them', async () => {
  const line = (text: string, name: string): string => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
  const plain = await status()
  assert.equal(['CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb', 'NoNewPrivs', 'Seccomp'].map((name) => line(plain, name)),
    ['00000000a80425fb', '00000000a80425fb', '00000000a80425fb', '0000000000000000', '0000000000000000', '0', '2'])
  assert.is(line(await status('--cap-drop', 'ALL', '--cap-add', 'net_bind_service'), 'CapEff'), '0000000000000400')
  const user = await status('-u', '1000:50', '--group-add', '27', '--security-opt', 'no-new-privileges', '--ulimit', 'core=0')
  assert.equal(['Uid', 'Gid', 'Groups', 'CapEff', 'NoNewPrivs'].map((name) => line(user, name).replaceAll('\t', ' ')),
    ['1000 1000 1000 1000', '50 50 50 50', '27 50', '0000000000000000', '1'])
  assert.is(line(await status('--security-opt', 'seccomp=unconfined'), 'Seccomp'), '0')
})

rootTest(test, 'a profile of one\'s own is in force, and names that it has wrong are told', async () => {
  const file = join(dir, 'profile.json')
  writeFileSync(file, JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat', 'no_such_call'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
  }))
  const { stdout, stderr } = await pocker(['--security-opt', `seccomp=${file}`], 'mkdir', '/tmp/x')
  assert.is(stdout, '')
  assert.match(stderr, /^pocker: .*profile\.json: system calls that are not known here are passed over: no_such_call\nmkdir: .*Operation not supported\n$/)
})

rootTest(test, 'a device of the host, and no other', async () => {
  const { stdout } = await pocker(['--device', '/dev/zero:/dev/other:r'], 'sh', '-c', 'head -c 4 /dev/other | wc -c; ls /dev | wc -l')
  assert.is(stdout.split('\n')[0], '4')
})

rootTest(test, 'a device by a link, and a directory of them; and a privileged container has those in directories, too', async () => {
  const links = join(dir, 'by-id')
  mkdirSync(links)
  symlinkSync('/dev/zero', join(links, 'disk'))
  const { stdout } = await pocker(['--device', `${join(links, 'disk')}:/dev/other:r`], 'sh', '-c', 'head -c 4 /dev/other | wc -c')
  assert.is(stdout, '4\n')
  const made = join(dir, 'devices')
  mkdirSync(join(made, 'below'), { recursive: true })
  execFileSync('mknod', [join(made, 'below/zero'), 'c', '1', '5'])
  const inside = await pocker(['--device', `${made}:/dev/mine`], 'sh', '-c', 'head -c 4 /dev/mine/below/zero | wc -c')
  assert.is(inside.stdout, '4\n', inside.stderr)
  const find = ['find', '/dev', '-mindepth', '2', '-not', '-path', '/dev/pts/*', '-type', 'c']
  const found = (text: string): string[] => text.split('\n').toSorted()
  const { stdout: below } = spawnSync('find', find.slice(1), { encoding: 'utf8' })
  assert.equal(found((await pocker(['--privileged'], ...find)).stdout), found(below))
})

rootTest(test, 'the working directory is made by root, whoever the program runs as', async () => {
  const { stdout, stderr } = await pocker(['-u', '1000', '--cap-drop', 'ALL', '-w', '/made-for-1000/dir'], 'sh', '-c', 'pwd; stat -c %u .')
  rmSync(join(await busybox(), 'made-for-1000'), { recursive: true, force: true })
  assert.equal([stdout, stderr], ['/made-for-1000/dir\n0\n', ''])
})

rootTest(test, 'what holds without doing anything may have a colon, as in Docker', async () => {
  const flags = ['label:disable', 'apparmor:unconfined', 'label=disable'].flatMap((text) => ['--security-opt', text])
  assert.equal((await pocker(flags, 'echo', 'started')).stdout, 'started\n')
})

test('an empty --user is none: the image has the word', () => {
  const image = { config: { User: '1234:5' }, accounts: () => ({ passwd: '', group: '' }) }
  const words = { user: '', groupAdd: [] as string[], capAdd: [], capDrop: [], securityOpt: [], ulimit: [], device: [] }
  const given = (more: object) => privileges({ ...words, ...more } as unknown as Options, { image, groupsDenied: true })
  assert.is(given({}).resolved.uid, 1234)
  assert.throws(() => given({ groupAdd: ['27'] }), /^--group-add: expected ids from \/etc\/subgid, without which there is no further group, got 27$/)
})

rootTest(test, 'bad input: one line each, and nothing is started', async () => {
  const cases: readonly [string[], RegExp][] = [
    [['--cap-add', 'FLY'], /^pocker: capability: expected ALL or a name such as NET_ADMIN, got "FLY"\n$/],
    [['-u', 'nobody-here'], /^pocker: --user: expected a number, or a name in the container's \/etc\/passwd, got "nobody-here"\n$/],
    [['--security-opt', 'seccomp=/nope'], /^pocker: --security-opt: expected a profile at \/nope, got ENOENT\n$/],
    [['--security-opt', 'magic'], /^pocker: --security-opt: expected seccomp=FILE, seccomp=unconfined or no-new-privileges, got "magic"\n$/],
    [['--ulimit', 'nofile=5:4'], /^pocker: rlimits: expected a soft RLIMIT_NOFILE of at most the hard one, got 5 and 4\n$/],
    [['--device', '/etc/passwd'], /^pocker: --device: expected a device of the host, got \/etc\/passwd\n$/],
    [['--device', '/dev/null:/dev/x:r:w'], /^pocker: --device: expected HOST:CONTAINER:rwm such as .*, got "\/dev\/null:\/dev\/x:r:w"\n$/],
    [['--device', '/dev/null:r:r'], /^pocker: --device: expected HOST:CONTAINER:rwm/],
    [['-m', '-5m'], /^pocker: --memory: size: expected a number of bytes above 0/], [['-m', '5m'], /^pocker: memory\.limit: expected at least 6291456 bytes/],
    [['-m', '64m', '--memory-swap', '32m'], /^pocker: memory\.swap: expected memory and swap together, at least the limit/],
    [['--cpus', '999'], /^pocker: --cpus: expected 0\.01 to \d+, for so many processors there are, got 999\n$/],
    [['--cpuset-cpus', '0-999'], /^pocker: cpu\.cpus: expected some of .*, which are available, got 0-999\n$/],
    [['--pids-limit', 'few'], /^pocker: --pids-limit: expected a whole number, got "few"\n$/],
    [['--network', 'bridge7'], /^pocker: --network: expected none, host, or container:/],
    [['--userns', 'mine'], /^pocker: --userns: expected host or auto, got "mine"\n$/],
    [['--uidmap', '0:0:10', '--uidmap', '5:90:10'], /^pocker: uidMappings: expected ranges that do not overlap, got 0:0:10 and 5:90:10\n$/],
    [['--boottime', 'soon'], /^pocker: --boottime: expected an offset such as \+30d/], [['--boottime', '-9999d'], /^pocker: --boottime: expected a clock that stays/],
    [['--network', 'container:999999999'], /^pocker: openat\(.*\/proc\/999999999\/ns\/net".*\): ENOENT/],
    [['--uidmap', '0:100000:10', '--pid', 'container:1'], /^pocker: --pid: expected no user namespace beside it, .*, got --pid container:1\n$/],
    [['--cgroup-parent', '/a/../b'], /^pocker: --cgroup-parent: expected a path such as/],
    [['--device-read-bps', '/dev/null:1m'], /^pocker: \/dev\/null: expected a block device, got something else\n$/],
  ]
  for (const [flags, message] of cases) {
    const { status: code, stdout, stderr } = await pocker(flags, 'echo', 'started')
    assert.equal([code, stdout], [125, ''], flags.join(' '))
    assert.match(stderr, message)
  }
  const file = join(dir, 'wrong.json')
  writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_MAYBE' }))
  assert.match((await pocker(['--security-opt', `seccomp=${file}`], 'true')).stderr, /^pocker: .*defaultAction: expected one of SCMP_ACT_.*, got .*SCMP_ACT_MAYBE/)
})

rootTest(test, 'memory, processes and processors: what is limited is limited, and said', async () => {
  const oom = await pocker(['-m', '32m', '--memory-swap', '32m'], 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1')
  assert.is(oom.status, 137)
  assert.is(oom.stderr, 'pocker: out of memory: the kernel killed a process that went beyond the limit of 32m\n')
  const few = await pocker(['--pids-limit', '4'], 'sh', '-c', 'for i in 1 2 3 4 5 6; do sleep 60 & done; echo never')
  assert.match(few.stderr, /can't fork: Resource temporarily unavailable/)
  const one = await pocker(['--cpuset-cpus', '0', '--cpu-shares', '100', '--cpus', '0.5'], 'nproc')
  assert.is(one.stdout, '1\n')
})

test.run()
