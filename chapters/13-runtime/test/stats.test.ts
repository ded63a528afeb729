// events: what a container uses, told as runc tells it.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Tree } from '@pocker/cgroup'
import { rootTest, testIf } from '@pocker/testing'
import { statsOf } from '../src/lifecycle/stats.ts'
import { call, isThere } from './conformance/runtimes.ts'
import { begin } from './oci.ts'

/** The files of a group, where a machine of version 1 or 2 has them. */
function told(files: Readonly<Record<string, string>>, tree: (root: string) => Pick<Tree, 'unified' | 'v1'>): unknown {
  const root = mkdtempSync(join(tmpdir(), 'pocker-stats-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const found = tree(root)
    const controllers = found.unified === undefined ? [] : ['cpu', 'memory', 'pids']
    return statsOf({ tree: { ...found, controllers, cpus: '0', mems: '0', swap: false }, path: '/web' })
  } finally {
    rmSync(root, { recursive: true })
  }
}

test('the same figures of version 2 and of version 1', () => {
  const both = {
    cpu: {
      usage: { total: 9_000_000n, kernel: 2_000_000n, user: 7_000_000n },
      throttling: { periods: 5n, throttledPeriods: 3n, throttledTime: 4_000_000n },
    },
    pids: { current: 2n, limit: 7n },
  }
  const usage = { limit: 67_108_864n, usage: 4096n, max: 8192n, failcnt: 6n }
  assert.equal(told({
    'web/cpu.stat': 'usage_usec 9000\nuser_usec 7000\nsystem_usec 2000\nnr_periods 5\nnr_throttled 3\nthrottled_usec 4000\n',
    'web/memory.max': '67108864\n', 'web/memory.current': '4096\n', 'web/memory.peak': '8192\n',
    'web/memory.events': 'low 0\nmax 6\noom_kill 0\n', 'web/memory.stat': 'anon 1024\nfile 3072\n',
    'web/pids.current': '2\n', 'web/pids.max': '7\n',
  }, (root) => ({ unified: root, v1: {} })), { ...both, memory: { cache: 3072n, usage, raw: { anon: 1024n, file: 3072n } } })
  assert.equal(told({
    'a/web/cpuacct.usage': '9000000\n', 'a/web/cpuacct.usage_user': '7000000\n', 'a/web/cpuacct.usage_sys': '2000000\n',
    'c/web/cpu.stat': 'nr_periods 5\nnr_throttled 3\nthrottled_time 4000000\n',
    'm/web/memory.limit_in_bytes': '67108864\n', 'm/web/memory.usage_in_bytes': '4096\n',
    'm/web/memory.max_usage_in_bytes': '8192\n', 'm/web/memory.failcnt': '6\n', 'm/web/memory.oom_control': 'oom_kill 0\n',
    'm/web/memory.stat': 'rss 1024\ncache 3072\n', 'p/web/pids.current': '2\n', 'p/web/pids.max': '7\n',
  }, (root) => ({
    v1: { cpuacct: join(root, 'a'), cpu: join(root, 'c'), memory: join(root, 'm'), pids: join(root, 'p') },
  })), { ...both, memory: { cache: 3072n, usage, raw: { rss: 1024n, cache: 3072n } } })
})

test('without limits, memory has the largest one, and processes none; what is not counted is 0', () => {
  const none = { usage: { total: 0n, kernel: 0n, user: 0n }, throttling: { periods: 0n, throttledPeriods: 0n, throttledTime: 0n } }
  assert.equal(told({ 'web/memory.max': 'max\n', 'web/pids.max': 'max\n', 'web/pids.current': '1\n' }, (root) => ({ unified: root, v1: {} })), {
    cpu: none, memory: { cache: 0n, usage: { limit: 2n ** 64n - 1n, usage: 0n, max: 0n, failcnt: 0n }, raw: {} }, pids: { current: 1n },
  })
})

interface Event {
  readonly type: string
  readonly id: string
  readonly data: { readonly memory: { readonly usage: { readonly limit: number; readonly usage: number } }; readonly pids: object }
}
/** `cpu.usage.total` and so on: the names down to every number. */
const names = (data: object, above = ''): string[] => Object.entries(data).flatMap(([key, value]) =>
  (typeof value === 'object' && value !== null ? names(value as object, `${above}${key}.`) : [`${above}${key}`]))

const THROTTLING = ['periods', 'throttledPeriods', 'throttledTime'].map((name) => `cpu.throttling.${name}`)
const LIMITS = { resources: { pids: { limit: 7 }, memory: { limit: 67_108_864 } } }

rootTest(test, 'events tells of a container at each interval, until it ends', async () => {
  const oci = await begin()
  try {
    const id = oci.bundle({ process: { args: ['sleep', '2'] } })
    oci.create(id)
    oci.must('start', id)
    const { code, stdout } = oci.call('events', '--interval', '100ms', id)
    assert.is(code, 0)
    const lines = stdout.trimEnd().split('\n')
    assert.ok(lines.length > 2 && lines.length < 25, `${lines.length} lines`)
    for (const line of lines) assert.equal([(JSON.parse(line) as Event).type, (JSON.parse(line) as Event).id], ['stats', id])
  } finally {
    await oci.end()
  }
})

testIf(process.geteuid?.() === 0 && isThere('runc'), 'needs root and runc', test, 'events --stats says what runc says', async () => {
  const oci = await begin()
  // Into files: a container that keeps a pipe open would keep us waiting.
  const runc = (...words: string[]): string => {
    const [out, error] = ['runc-out', 'runc-err'].map((name) => openSync(join(oci.dir, name), 'w')) as [number, number]
    const { code } = call('runc', join(oci.dir, 'runc'), words, { out, error })
    for (const fd of [out, error]) closeSync(fd)
    assert.is(code, 0, readFileSync(join(oci.dir, 'runc-err'), 'utf8'))
    return readFileSync(join(oci.dir, 'runc-out'), 'utf8')
  }
  // runc makes groups in hierarchies that nothing here knows, and takes away its own only, not those above.
  const [ours, theirs] = [oci.bundle({ linux: LIMITS }), oci.bundle({ linux: { ...LIMITS, cgroupsPath: `/oci-runc-${process.pid}` } })]
  try {
    oci.create(ours)
    oci.must('start', ours)
    runc('run', '--detach', '--bundle', oci.dirOf(theirs), theirs)
    const [own, other] = [oci.must('events', '--stats', ours), runc('events', '--stats', theirs)].map((text) => JSON.parse(text) as Event) as [Event, Event]
    assert.equal([own.type, own.id, other.type, other.id], ['stats', ours, 'stats', theirs])
    // runc leaves out what is 0, and version 1.1 of it knows no peak of cgroups version 2.
    const said = new Set([...names(other.data), 'memory.cache', 'memory.usage.max', ...THROTTLING])
    assert.equal(names(own.data).filter((name) => !said.has(name)), [])
    assert.equal([own.data.pids, own.data.memory.usage.limit], [other.data.pids, other.data.memory.usage.limit])
    assert.equal(own.data.pids, { current: 1, limit: 7 })
    assert.ok(own.data.memory.usage.usage > 0)
  } finally {
    call('runc', join(oci.dir, 'runc'), ['delete', '--force', theirs])
    await oci.end()
  }
})

test.run()
