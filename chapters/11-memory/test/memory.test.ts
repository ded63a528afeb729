// Limits of memory: as data, and as the kernel enforces them.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cgroup, findTree, get, prepare, remove, type Group, type Tree } from '@pocker/cgroup'
import { chroot } from '@pocker/chroot'
import { inUse, memory, oomKills, oomScore, parseMemory, swapWarning, type MemorySpec } from '@pocker/memory'
import { pid } from '@pocker/pid'
import { command, foreground, plan, run, spawn, type Finished } from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

const MiB = 1024 * 1024
const V2: Tree = { unified: '/c', controllers: ['memory'], v1: {}, cpus: '0', mems: '0', swap: true }
const written = (spec: MemorySpec, tree = V2): Record<string, unknown> => Object.fromEntries((memory({ tree, path: '/p' }, spec).needs?.[0]?.make ?? [])
  .filter(({ call }) => call === 'write').map(({ args: [file, text] }) => [(file as { resultOf: string }).resultOf.split('/').at(-1), text]))

test('memory and swap together is what the flag says; the kernel counts them apart', () => {
  assert.equal(written({ limit: 32 * MiB }), { 'memory.max': String(32 * MiB), 'memory.swap.max': String(32 * MiB) })
  assert.equal(written({ limit: 32 * MiB, swap: 32 * MiB }), { 'memory.max': String(32 * MiB), 'memory.swap.max': '0' })
  assert.equal(written({ limit: 32 * MiB, swap: -1 }), { 'memory.max': String(32 * MiB), 'memory.swap.max': 'max' })
  assert.equal(written({ limit: 32 * MiB, reservation: 8 * MiB, high: 16 * MiB }), {
    'memory.max': String(32 * MiB), 'memory.swap.max': String(32 * MiB), 'memory.low': String(8 * MiB), 'memory.high': String(16 * MiB),
  })
  assert.equal(written({}), {})
})

test('a machine that cannot limit swap limits memory, and says so', () => {
  const none = { ...V2, swap: false }
  assert.equal(written({ limit: 32 * MiB }, none), { 'memory.max': String(32 * MiB) })
  assert.match(swapWarning({ tree: none, path: '/p' }, { limit: 32 * MiB }) ?? '', /^No swap limit support/)
  assert.is(swapWarning({ tree: V2, path: '/p' }, { limit: 32 * MiB }), undefined)
  assert.is(swapWarning({ tree: none, path: '/p' }, {}), undefined)
})

test('limits that are none are refused', () => {
  const cases: readonly [MemorySpec, RegExp][] = [
    [{ limit: 6 * MiB - 1 }, /^memory\.limit: expected at least 6291456 bytes, 6 MiB, got 6291455$/],
    [{ limit: -1 }, /^memory\.limit: /],
    [{ limit: 8 * MiB, swap: 7 * MiB }, /^memory\.swap: expected memory and swap together, at least the limit of 8388608 bytes, or -1, got 7340032$/],
    [{ swap: 8 * MiB }, /^memory\.swap: expected a memory limit, for it is memory and swap together, got none$/],
    [{ limit: 8 * MiB, reservation: 9 * MiB }, /^memory\.reservation: expected at most the limit of 8388608 bytes, got 9437184$/],
    [{ swappiness: 101 }, /^memory\.swappiness: expected 0 to 100, got 101$/],
    [{ disableOOMKiller: true }, /^memory\.disableOOMKiller: expected a memory limit/],
    [{ limit: 8 * MiB, swappiness: 1 }, /^memory\.swappiness: expected version 1 of its controller/],
  ]
  for (const [spec, message] of cases) assert.throws(() => written(spec), message)
  assert.throws(() => oomScore(1001), /^oomScoreAdj: expected -1000 to 1000, got 1001$/)
})

test('the flags, as docker run takes them', () => {
  assert.equal(parseMemory({ memory: '512m', memorySwap: '-1', memoryReservation: '64k', memorySwappiness: '10', oomKillDisable: true }),
    { limit: 512 * MiB, swap: -1, reservation: 65536, swappiness: 10, disableOOMKiller: true })
  assert.equal(parseMemory({ memory: '1.5g', memorySwap: '2G' }), { limit: 1536 * MiB, swap: 2048 * MiB })
  assert.throws(() => parseMemory({ memory: 'lots' }), /^--memory: size: expected a number of bytes above 0.*, got "lots"$/)
  assert.throws(() => parseMemory({ memory: '-5m' }), /^--memory: /)
  assert.throws(() => parseMemory({ memorySwappiness: 'x' }), /^--memory-swappiness: expected a whole number, got "x"$/)
})

const PARENT = `/pocker/test-${process.pid}`
let count = 0
const newGroup = (): Group => ({ tree: findTree(), path: `${PARENT}/${count++}` })
test.before(() => { if (process.geteuid?.() === 0) prepare(findTree(), PARENT) })
test.after(async () => { if (process.geteuid?.() === 0) await remove({ tree: findTree(), path: PARENT }) })

/** dd takes a buffer of so many MiB, and reads into all of it. */
const touch = (megabytes: number): string => `dd if=/dev/zero of=/dev/null bs=${megabytes}M count=1 2>/dev/null`

/** Runs a script, and asks the group before it goes. */
async function inside(group: Group, spec: MemorySpec, script: string): Promise<{ exit: Finished; kills: number }> {
  const parts = [cgroup(group, { namespace: 'private', removedBy: 'caller' }), memory(group, spec), pid({ mode: 'private' }), chroot({ path: await busybox() })]
  try {
    const exit = await run(parts, ['sh', '-c', script])
    return { exit, kills: oomKills(group) }
  } finally {
    await remove(group)
  }
}

rootTest(test, 'a program that touches 64 MiB with 32 allowed is killed, and the group knows it', async () => {
  const over = await inside(newGroup(), { limit: 32 * MiB, swap: 32 * MiB }, `exec ${touch(64)}`)
  assert.is(over.exit.signal, 'SIGKILL')
  assert.is(over.kills, 1)
  const below = await inside(newGroup(), { limit: 128 * MiB, swap: 128 * MiB }, `exec ${touch(64)}`)
  assert.equal([below.exit.code, below.kills], [0, 0])
})

rootTest(test, 'only the one that is over is killed: its shell goes on, and says 137', async () => {
  const { exit, kills } = await inside(newGroup(), { limit: 32 * MiB, swap: 32 * MiB }, `${touch(64)}; echo $?`)
  assert.equal([exit.stdout, kills], ['137\n', 1])
})

rootTest(test, 'what is in use is counted, and told apart', async () => {
  const group = newGroup()
  const child = spawn(plan([
    cgroup(group, { namespace: 'private' }), memory(group, { limit: 64 * MiB }), foreground(), pid({ mode: 'private' }),
    chroot({ path: await busybox() }), command({ argv: ['sleep', '60'] }),
  ]))
  try {
    assert.ok(inUse(group) > 0 && inUse(group) < 64 * MiB)
    assert.ok((get(group, 'memory.stat')['cache'] ?? get(group, 'memory.stat')['file']) !== undefined)
  } finally {
    await remove(group)
    await child.wait()
  }
})

rootTest(test, 'who is killed first is written into the process, and may be raised by anybody', async () => {
  const { stdout } = await run([oomScore(500)], ['cat', '/proc/self/oom_score_adj'])
  assert.is(stdout, '500\n')
  assert.is(readFileSync('/proc/self/oom_score_adj', 'utf8').trim() === '500', false)
})

test.run()
