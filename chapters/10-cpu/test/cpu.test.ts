// Shares of the processor: as data, and as the kernel counts them.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cgroup, findTree, prepare, remove, type Group, type Tree } from '@pocker/cgroup'
import { chroot } from '@pocker/chroot'
import { cpu, parseCpu, parseList, throttling, weight, type CpuSpec } from '@pocker/cpu'
import { pid } from '@pocker/pid'
import { command, foreground, plan, run, spawn } from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

const V2: Tree = { unified: '/c', controllers: ['cpu', 'cpuset'], v1: {}, cpus: '0-3,6', mems: '0', swap: true }
const written = (spec: CpuSpec): unknown[] => (cpu({ tree: V2, path: '/p' }, spec).needs?.[0]?.make ?? [])
  .filter(({ call }) => call === 'write').map(({ args: [file, text] }) => [(file as { resultOf: string }).resultOf.slice('/c/p/'.length), text])

test('a quota is so much of each period, a weight is a share under pressure, a set is which', () => {
  assert.equal(written({ quota: 50000, period: 100000 }), [['cpu.max', '50000 100000']])
  assert.equal(written({ quota: 20000 }), [['cpu.max', '20000 100000']])
  assert.equal(written({ quota: -1 }), [['cpu.max', 'max 100000']])
  assert.equal(written({ shares: 1024, cpus: '0,2-3', mems: '0' }), [['cpu.weight', '39'], ['cpuset.cpus', '0,2-3'], ['cpuset.mems', '0']])
  assert.equal(written({ shares: 0 }), []) // Docker's word for the default, and not for next to nothing
  assert.equal(written({}), [])
})

test('shares become weights as in Docker', () => {
  assert.equal([0, 2, 512, 1024, 2048, 262144, 999999].map(weight), [1, 1, 20, 39, 79, 10000, 10000])
})

test('what is no share of a processor is refused', () => {
  const cases: readonly [CpuSpec, RegExp][] = [
    [{ quota: 999 }, /^cpu\.quota: expected a whole number of at least 1000, got 999$/],
    [{ quota: 5000, period: 999 }, /^cpu\.period: expected a whole number from 1000 to 1000000, got 999$/],
    [{ period: 2_000_000 }, /^cpu\.period: /],
    [{ shares: -1 }, /^cpu\.shares: expected a whole number of at least 0, got -1$/],
    [{ cpus: '0-5' }, /^cpu\.cpus: expected some of 0-3,6, which are available, got 0-5$/],
    [{ mems: '1' }, /^cpu\.mems: expected some of 0, which are available, got 1$/],
    [{ cpus: '3-1' }, /^cpu\.cpus: expected a list such as 0-2,4, got "3-1"$/],
    [{ cpus: '' }, /^cpu\.cpus: expected a list/],
  ]
  for (const [spec, message] of cases) assert.throws(() => written(spec), message)
  assert.equal(parseList('x', '0-2,4, 1'), [0, 1, 2, 4])
})

test('the flags, as docker run takes them', () => {
  assert.equal(parseCpu({ cpus: '1.5' }, 2), { quota: 150000, period: 100000 })
  assert.equal(parseCpu({ cpus: '.5', cpuShares: '7', cpusetCpus: '0', cpusetMems: '0' }, 2), { quota: 50000, period: 100000, shares: 7, cpus: '0', mems: '0' })
  assert.equal(parseCpu({ cpuPeriod: '50000', cpuQuota: '25000' }, 2), { period: 50000, quota: 25000 })
  const cases: readonly [Parameters<typeof parseCpu>[0], RegExp][] = [
    [{ cpus: '3' }, /^--cpus: expected 0\.01 to 2, for so many processors there are, got 3$/],
    [{ cpus: '0' }, /^--cpus: expected 0\.01 to 2/], [{ cpus: '-1' }, /^--cpus: /], [{ cpus: 'two' }, /^--cpus: /], [{ cpus: '1e0' }, /^--cpus: /],
    [{ cpus: '1', cpuQuota: '1000' }, /^--cpus: expected it without --cpu-period and --cpu-quota/],
    [{ cpuQuota: 'x' }, /^--cpu-quota: expected a whole number, got "x"$/],
  ]
  for (const [flags, message] of cases) assert.throws(() => parseCpu(flags, 2), message)
})

const PARENT = `/pocker/test-${process.pid}`
let count = 0
const newGroup = (): Group => ({ tree: findTree(), path: `${PARENT}/${count++}` })
test.before(() => { if (process.geteuid?.() === 0) prepare(findTree(), PARENT) })
test.after(async () => { if (process.geteuid?.() === 0) await remove({ tree: findTree(), path: PARENT }) })

rootTest(test, 'half a processor: it is throttled, uses no more than its quota, and most of it', async () => {
  const group = newGroup()
  const [quota, period, enough] = [25_000, 50_000, 8]
  const child = spawn(plan([
    cgroup(group, { namespace: 'private' }), cpu(group, { quota, period }), foreground(), pid({ mode: 'private' }),
    chroot({ path: await busybox() }), command({ argv: ['sh', '-c', 'while :; do :; done'] }),
  ]))
  try {
    let seen = throttling(group)
    while (seen.throttled < enough) { // on a busy machine, it does not come to its quota in each of them
      await new Promise((resolve) => { setImmediate(resolve) })
      seen = throttling(group)
    }
    assert.ok(seen.throttledTime > 0, JSON.stringify(seen))
    // The period that has begun is in the usage and not yet in the count, and a tick may be overdrawn.
    assert.ok(seen.usage <= quota * (seen.periods + 2), JSON.stringify(seen))
    assert.ok(seen.usage >= quota * seen.throttled / 2, JSON.stringify(seen))
  } finally {
    await remove(group)
    await child.wait()
  }
})

rootTest(test, 'a cpuset is what the program sees of the processors', async () => {
  const group = newGroup()
  const [first = 0] = parseList('cpus', group.tree.cpus)
  const parts = [cgroup(group, { namespace: 'private' }), cpu(group, { cpus: String(first) }), chroot({ path: await busybox() })]
  assert.is((await run(parts, ['nproc'])).stdout, '1\n')
})

rootTest(test, 'a weight and a period without a quota are taken by the kernel', async () => {
  const group = newGroup()
  const parts = [cgroup(group, { namespace: 'private' }), cpu(group, { shares: 512, period: 50_000 }), chroot({ path: await busybox() })]
  assert.is((await run(parts, ['true'])).code, 0)
})

test.run()
