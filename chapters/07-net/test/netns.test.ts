// Network namespaces, for real: made, listed, removed, killed half-way, and left again whatever fails in them.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, promises, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test as suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addAddress, addLink, elsewhere, isNetns, listLinks, listNetns, makeNetns, Netlink, removeNetns, setLink, socketIn } from '@pocker/net'
import { callAll, close, CLONE_NEWNET, MNT_DETACH, mount, MS_BIND, open, RLIMIT, setLimit, setns, SyscallError, umount2, unshare } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'
import { around } from './place.ts'

const OWN = '/proc/thread-self/ns/net'
const home = readlinkSync(OWN)
/** Ours only: who else is at work on this machine mounts what he likes. */
const mounts = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes('/pocker-netns-'))
const descriptors = (): string[] => readdirSync('/proc/self/fd')
const threads = (): string[] => readdirSync('/proc/self/task').map((id) => readlinkSync(`/proc/self/task/${id}/ns/net`))

let dir = ''
/** Fewer descriptors than before are no leak: the loader may have closed a file of its cache meanwhile. */
const remains = (open = 0): unknown => [mounts(), Math.max(descriptors().length, open), readlinkSync(OWN)]
const test = around(suite, () => {
  const [before, open] = [remains(), descriptors().length]
  dir = mkdtempSync(join(tmpdir(), 'pocker-netns-'))
  return () => {
    const left = readdirSync(dir)
    for (const name of listNetns(dir)) removeNetns(pin(name))
    rmSync(dir, { recursive: true })
    assert.equal(left, [])
    assert.equal(remains(open), before)
  }
})
const pin = (name: string): string => join(dir, name)
/** @returns the error as a line */
const refused = (what: () => unknown): string => {
  try {
    what()
  } catch (error) {
    return (error as Error).message.replaceAll(dir, '')
  }
  return 'nothing was thrown'
}

rootTest(test, 'a namespace is made with loopback up, is listed, is another one, and goes', () => {
  makeNetns(pin('b'))
  makeNetns(pin('a'))
  assert.equal(listNetns(dir), ['a', 'b'])
  const net = Netlink.open(pin('a'))
  assert.equal(net.list(listLinks).map(({ name, up }) => [name, up]), [['lo', true]])
  net.close()
  removeNetns(pin('a'))
  assert.equal(listNetns(dir), ['b'])
  removeNetns(pin('b'))
})

rootTest(test, 'only files that are network namespaces are listed', () => {
  writeFileSync(pin('file'), '')
  mkdirSync(pin('dir'))
  symlinkSync('/proc/self/ns/uts', pin('uts'))
  symlinkSync(pin('nowhere'), pin('broken'))
  execFileSync('mkfifo', [pin('fifo')])
  makeNetns(pin('net'))
  assert.equal(listNetns(dir), ['net'])
  assert.ok(isNetns('/proc/self/ns/net'))
  removeNetns(pin('net'))
  for (const name of readdirSync(dir)) rmSync(pin(name), { recursive: true })
  assert.equal(listNetns(pin('not there')), [])
})

rootTest(test, 'a name that is in use, a file that is gone, and a file that is none are told apart', () => {
  makeNetns(pin('box'))
  writeFileSync(pin('file'), 'text')
  writeFileSync(pin('uts'), '')
  callAll([mount('/proc/self/ns/uts', pin('uts'), null, MS_BIND, null)])
  symlinkSync(pin('box'), pin('link'))
  const cases: [() => unknown, string][] = [
    [() => makeNetns(pin('box')), 'network namespace /box: EEXIST (file exists)'],
    [() => makeNetns(pin('file')), 'network namespace /file: EEXIST (file exists)'],
    [() => makeNetns(pin('file/box')), 'network namespace /file/box: ENOTDIR (not a directory)'],
    [() => makeNetns(pin('file/dir/box')), 'network namespace /file/dir/box: ENOTDIR (not a directory)'],
    [() => removeNetns(pin('gone')), 'network namespace /gone: ENOENT (no such file or directory)'],
    [() => removeNetns(pin('file')), 'network namespace /file: expected one, got another file'],
    [() => removeNetns(pin('uts')), 'network namespace /uts: expected one, got another file'],
    [() => removeNetns(pin('link')), 'network namespace /link: expected one, got another file'],
    [() => removeNetns(dir), 'network namespace : expected one, got another file'],
    [() => Netlink.open(pin('gone')), 'network namespace /gone: openat: ENOENT (no such file or directory)'],
    [() => Netlink.open(pin('file')), 'network namespace /file: expected one, got another file'],
    [() => Netlink.open(pin('uts')), 'network namespace /uts: expected one, got another file'],
  ]
  for (const [what, message] of cases) assert.is(refused(what), message)
  assert.is(readFileSync(pin('file'), 'utf8'), 'text')
  callAll([umount2(pin('uts'), MNT_DETACH)])
  removeNetns(pin('box'))
  for (const name of ['file', 'link', 'uts']) rmSync(pin(name))
})

rootTest(test, 'what a kill can leave is removed: a file without a mount', () => {
  writeFileSync(pin('half'), '', { mode: 0o444 })
  assert.equal(listNetns(dir), [])
  removeNetns(pin('half'))
})

rootTest(test, 'a process that is killed while it makes namespaces leaves nothing that cannot be removed', async () => {
  const script = `import { makeNetns } from '@pocker/net'
    for (let i = 0; ; i++) { makeNetns(${JSON.stringify(dir)} + '/' + i); if (i % 10 === 0) console.log(i) }`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  const left = readdirSync(dir)
  assert.ok(left.length > 0)
  for (const name of left) removeNetns(pin(name))
})

rootTest(test, 'a copy of a pin in another mount namespace goes with the pin', async () => {
  makeNetns(pin('box'))
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', 'echo ready; read line'])
  await once(child.stdout, 'data')
  const theirs = (): boolean => readFileSync(`/proc/${child.pid}/mountinfo`, 'utf8').includes(pin('box'))
  assert.ok(theirs())
  removeNetns(pin('box'))
  assert.not(theirs())
  child.stdin.end()
  await once(child, 'close')
})

rootTest(test, 'whatever fails on the way or over there, the way back is made', () => {
  makeNetns(pin('box'))
  const target = { ...open(pin('box'), 0), as: 'target' }
  const there = setns({ resultOf: 'target' }, CLONE_NEWNET)
  const impossible = open('/there/is/no/such/file', 0)
  const uts = { ...open('/proc/self/ns/uts', 0), as: 'target' }
  for (const trip of [
    { opened: [target], arrive: there, steps: [impossible, close(-1), impossible] },
    { opened: [uts], arrive: there, steps: [impossible] },
    { opened: [{ ...impossible, as: 'target' }], arrive: there, steps: [] },
    { arrive: unshare(CLONE_NEWNET), steps: [impossible] },
  ]) {
    callAll(elsewhere(trip))
    assert.is(readlinkSync(OWN), home)
  }
  removeNetns(pin('box'))
})

rootTest(test, 'a process that cannot come back ends', async () => {
  const script = `import { elsewhere } from '@pocker/net'; import { callAll, close, CLONE_NEWNET, unshare } from '@pocker/syscalls'
    callAll(elsewhere({ arrive: unshare(CLONE_NEWNET), steps: [close({ resultOf: 'home' })] })); console.log('still here')`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const output: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
  const [code] = await once(child, 'close')
  assert.equal([code, output], [70, []])
})

rootTest(test, 'root of a user namespace, who may leave the machine\'s network but not come back, stays; and pins are not his', async () => {
  makeNetns(pin('pinned'))
  const script = `import { makeNetns, Netlink, removeNetns } from '@pocker/net'
    const [made, pinned] = ${JSON.stringify([pin('made'), pin('pinned')])}
    for (const go of [() => makeNetns(made), () => Netlink.open('/proc/self/ns/net'), () => removeNetns(pinned)]) {
      try { go() } catch (error) { console.log(error.message) }
    }`
  const argv = ['--user', '--map-root-user', '--mount', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script]
  const child = spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
  const [code] = await once(child, 'close')
  assert.equal([code, output.join('').replaceAll(dir, '').trim().split('\n')], [0, [
    'network namespace /made: setns: EPERM (operation not permitted)',
    'network namespace /proc/self/ns/net: setns: EPERM (operation not permitted)',
    'network namespace /pinned: EBUSY (device or resource busy)',
  ]])
  assert.equal(listNetns(dir), ['pinned'])
  removeNetns(pin('pinned'))
})

rootTest(test, 'without free descriptors it fails, and nothing stays open or half-made', () => {
  makeNetns(pin('box'))
  const [, before = '', hard = ''] = /Max open files\s+(\d+)\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  const limit = (soft: string | number): void => // not by prlimit(1): to start it, descriptors must be free
    void callAll([setLimit(RLIMIT['RLIMIT_NOFILE'] as number, BigInt(soft), BigInt(hard))])
  const fill: number[] = []
  const answers: string[] = []
  limit(Math.max(...descriptors().map(Number)) + 8)
  try {
    assert.throws(() => { for (;;) fill.push(openSync('/dev/null', 'r')) }, /EMFILE/)
    for (let free = 0; free < 4; free++) {
      try {
        closeSync(socketIn(pin('box')))
        answers.push('ok')
      } catch (error) {
        answers.push(`${(error as SyscallError).call.replace(/.*: |\(.*/g, '')} ${(error as SyscallError).code}`)
      }
      try {
        makeNetns(pin('other'))
        removeNetns(pin('other'))
      } catch (error) {
        answers.push((error as SyscallError).code)
      }
      closeSync(fill.pop() ?? -1)
    }
  } finally {
    for (const fd of fill) closeSync(fd)
    limit(before)
  }
  assert.equal(answers, ['openat EMFILE', 'EMFILE', 'openat EMFILE', 'EMFILE', 'socket EMFILE', 'ok'])
  removeNetns(pin('box'))
})

rootTest(test, 'while a hundred namespaces are made and furnished, the rest of the process never leaves its own', async () => {
  const seen = new Map<string, Set<string>>(['timer', 'thread pool', 'socket'].map((who) => [who, new Set()]))
  const counts = { timer: 0, reads: 0, sockets: 0 }
  const done = new AbortController()
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const timer = setInterval(() => {
    seen.get('timer')?.add(readlinkSync(OWN))
    counts.timer++
  }, 0)
  const reads = async (): Promise<void> => {
    while (!done.signal.aborted) {
      seen.get('thread pool')?.add(await promises.readlink(OWN))
      counts.reads++
    }
  }
  const sockets = async (): Promise<void> => {
    while (!done.signal.aborted) {
      const socket = connect(port, '127.0.0.1') // from another namespace there is nobody to answer
      const [data] = await once(socket, 'data')
      await once(socket.resume(), 'close')
      seen.get('socket')?.add(String(data))
      counts.sockets++
    }
  }
  const others = [reads(), reads(), reads(), reads(), sockets()]
  for (let i = 0; i < 100; i++) {
    const path = pin(String(i))
    makeNetns(path)
    const net = Netlink.open(path)
    net.batch([addLink({ kind: 'bridge', name: 'br0', up: true }), addAddress({ address: '10.0.0.1/24', dev: 'br0' }), setLink('br0', { mtu: 1400 })])
    assert.equal(net.list(listLinks).map(({ name }) => name), ['lo', 'br0'])
    net.close()
    assert.equal([...new Set(threads())], [home])
    const [{ timer, reads, sockets }] = [{ ...counts }]
    while (counts.timer === timer || counts.reads === reads || counts.sockets === sockets) await setImmediate()
  }
  done.abort()
  await Promise.all(others)
  clearInterval(timer)
  server.close()
  await once(server, 'close')
  assert.equal([...seen].map(([who, where]) => [who, ...where]), [['timer', home], ['thread pool', home], ['socket', 'hello']])
  assert.is(listNetns(dir).length, 100)
  for (const name of listNetns(dir)) removeNetns(pin(name))
})

test.run()
