// A container's network: the isolation as data, and what the kernel makes of it.
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { makeNetns, net, parseNetwork, removeNetns, type NetMode } from '@pocker/net'
import { pid } from '@pocker/pid'
import { CLONE_NEWNET, CLONE_NEWUSER, namespaces, run, StartError, type Finished, type Isolation } from '@pocker/syscalls'
import { beside, busybox, rootTest, waiting } from '@pocker/testing'
import { around } from './place.ts'

/** What the tests could change on the machine: lo goes up in the networks that they make, and no other device is theirs. */
const machine = (): unknown => [readFileSync('/sys/class/net/lo/flags', 'utf8'), readlinkSync('/proc/self/ns/net')]
const test = around(suite, () => {
  const before = machine()
  return () => assert.equal(machine(), before)
})

const calls = ({ before = [], child = [] }: Isolation): string[][] => [before, child].map((list) => list.map(({ call }) => call))

test('the machine\'s network needs nothing at all', () => {
  assert.equal(net({ mode: 'host' }), { name: 'net' })
})

test('a network of its own is a flag, and three calls that set lo up', () => {
  const isolation = net({ mode: 'none' })
  assert.is(isolation.flags, CLONE_NEWNET)
  assert.equal(calls(isolation), [[], ['socket', 'ioctl', 'close']])
})

test('an existing one is entered by the child, or by the process in between, which dies with its parent', () => {
  const mode = { path: '/proc/42/ns/net' }
  assert.is(net({ mode }).flags, undefined)
  assert.equal(calls(net({ mode })), [[], ['openat', 'setns', 'close']])
  assert.equal(calls(net({ mode, enteredBy: 'between' })), [['prctl', 'openat', 'setns', 'close'], []])
})

test('an empty path is refused', () => {
  assert.throws(() => net({ mode: { path: '' } }), /^net\.path: expected the path of a network namespace, got ""$/)
})

const WORDS: readonly [string | undefined, NetMode][] = [
  [undefined, 'none'], ['none', 'none'], ['host', 'host'], ['container:42', { path: '/proc/42/ns/net' }],
  ['container:007', { path: '/proc/7/ns/net' }],
]
for (const [text, mode] of WORDS) test(`--network ${text ?? '(nothing)'}`, () => assert.equal(parseNetwork(text), mode))

const WRONG = [
  '', 'None', 'bridge', 'container', 'container:', 'container:0', 'container:-1', 'container:1.5', 'container:1e3', 'container:web',
  'container:42\n', ' host', `container:${2 ** 53}`, 'container:../../1',
]
test('--network: what is none of these is refused, with the value', () => {
  for (const text of WRONG) {
    const got = JSON.stringify(text).replace(/[\\.]/g, '\\$&')
    assert.throws(() => parseNetwork(text), new RegExp(`^--network: expected none, host, or container: and .*, got ${got}$`))
  }
})

const inside = (mode: NetMode, script: string): Promise<Finished> => run([net({ mode })], ['sh', '-c', script])
const OWN = 'readlink /proc/self/ns/net'
/** Is lo up? 127.0.0.1 is the kernel's to give, and it is a local address only while lo is up. */
const LOCAL = 'grep -c 127.0.0.1 /proc/self/net/fib_trie'

rootTest(test, 'a network of its own: only lo, which is up, and no route', async () => {
  const script = `${OWN}; tail -n +3 /proc/self/net/dev | cut -d: -f1; wc -l < /proc/self/net/route; ${LOCAL}`
  const { stdout } = await inside('none', script)
  const [own, device, lines, local] = stdout.trim().split('\n')
  assert.is.not(own, namespaces('self')['net'])
  assert.equal([device?.trim(), lines], ['lo', '1']) // one line: the heading of the routes
  assert.ok(Number(local) > 0)
})

rootTest(test, 'with host, it is the machine\'s', async () => {
  assert.is((await inside('host', OWN)).stdout, `${namespaces('self')['net']}\n`)
})

/** Serves one port of the machine while `body` runs. */
async function listening<T>(body: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await body((server.address() as AddressInfo).port)
  } finally {
    server.close()
    await once(server, 'close')
  }
}

rootTest(test, 'a port taken outside is free inside, and what listens outside cannot be reached', () => listening(async (port) => {
  const connect = reaches(port)
  const listen = ['perl', '-MIO::Socket::INET', '-e',
    `print IO::Socket::INET->new(LocalAddr => "127.0.0.1:${port}", Listen => 1) ? "free" : "taken"`]
  assert.is((await run([net({ mode: 'host' })], connect)).stdout, 'yes')
  assert.is((await run([net({ mode: 'none' })], connect)).stdout, 'no')
  assert.is((await run([net({ mode: 'host' })], listen)).stdout, 'taken')
  assert.is((await run([net({ mode: 'none' })], listen)).stdout, 'free')
}))

const server = (port: number): string[] => ['perl', '-MIO::Socket::INET', '-e',
  `$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:${port}", Listen => 5) or die $!; $| = 1; print "ready\\n"; 1 while <STDIN>`]
const reaches = (port: number): string[] =>
  ['perl', '-MIO::Socket::INET', '-e', `print IO::Socket::INET->new("127.0.0.1:${port}") ? "yes" : "no"`]

rootTest(test, 'two containers with one network share localhost and its ports; a third has nothing of it', async () => {
  const port = randomInt(1024, 65_536)
  await beside([net({ mode: 'none' })], server(port), async (number) => {
    const mode = parseNetwork(`container:${number}`)
    assert.is((await run([net({ mode })], reaches(port))).stdout, 'yes')
    assert.is((await run([net({ mode, enteredBy: 'between' })], reaches(port))).stdout, 'yes')
    assert.is((await run([net({ mode: 'none' })], reaches(port))).stdout, 'no')
    assert.is((await inside(mode, OWN)).stdout, `${namespaces(number)['net']}\n`)
  })
})

rootTest(test, 'a guest finds the network as it is: what is down stays down', async () => {
  const down: Isolation = { name: 'net', flags: CLONE_NEWNET }
  await beside([down], waiting('true'), async (number) => {
    assert.is((await inside({ path: `/proc/${number}/ns/net` }, LOCAL)).stdout, '0\n')
  })
})

rootTest(test, 'the file is opened before the root changes, so a pin outside of it is found', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-net-'))
  const pin = join(dir, 'web')
  makeNetns(pin)
  try {
    const root = { path: await busybox() }
    const isolations = [pid({ mode: 'private' }), net({ mode: { path: pin } }), mounts({ root, mounts: DEFAULT_MOUNTS })]
    const script = `${OWN}; ls ${pin}; ip -o link | wc -l; ls /sys/class/net`
    const { stdout, stderr } = await run(isolations, ['sh', '-c', script])
    assert.match(stderr, /No such file or directory/) // the pin is not within this root
    const [own, ...rest] = stdout.trim().split('\n')
    assert.is.not(own, namespaces('self')['net'])
    assert.equal(rest, ['1', 'lo']) // sysfs shows the network in which it was mounted
    assert.is((await inside({ path: pin }, OWN)).stdout, `${own}\n`)
  } finally {
    removeNetns(pin)
    rmSync(dir, { recursive: true })
  }
})

rootTest(test, 'the child of a new user namespace may not enter the machine\'s networks; who is in between may', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-net-'))
  const pin = join(dir, 'web')
  makeNetns(pin)
  const mapped: Isolation = {
    name: 'user', flags: CLONE_NEWUSER,
    beside: ['uid_map', 'gid_map'].map((file) => ({ path: `/proc/{pid}/${file}`, data: '0 0 1\n' })),
  }
  const start = (enteredBy: 'child' | 'between'): Promise<string> =>
    failure(run([mapped, net({ mode: { path: pin }, enteredBy })], ['sh', '-c', OWN]))
  try {
    assert.match(await start('child'), /^setns\(.*CLONE_NEWNET\): EPERM/)
    assert.match(await start('between'), /^it started, and printed net:/)
  } finally {
    removeNetns(pin)
    rmSync(dir, { recursive: true })
  }
})

rootTest(test, 'what is no network namespace is named, in one line', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-net-'))
  writeFileSync(join(dir, 'text'), 'no namespace')
  try {
    const cases = [[join(dir, 'text'), /^setns\(.*\): EINVAL[^\n]*$/], ['/proc/self/ns/uts', /^setns\(.*\): EINVAL[^\n]*$/],
      [join(dir, 'nothing'), /^openat\(AT_FDCWD, ".*nothing".*\): ENOENT[^\n]*$/]] as const
    for (const [path, message] of cases) assert.match(await failure(inside({ path }, 'true')), message)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

async function failure(started: Promise<Finished>): Promise<string> {
  try {
    return `it started, and printed ${(await started).stdout}`
  } catch (error) {
    assert.instance(error, StartError)
    return (error as StartError).message
  }
}

test.run()
