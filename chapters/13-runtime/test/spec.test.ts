// A config.json as it comes: right, and anything at all.
import fc from 'fast-check'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultSpec } from '../src/spec/default.ts'
import { readProcess, readResources, readSpec } from '../src/spec/read.ts'
import { sysctlOwner, sysctlPath } from '../src/spec/sysctl.ts'
import { grantable, warningsOf } from '../src/spec/warnings.ts'
import { BASE, linux, own, PROCESS, program, refusal, resources } from './given.ts'

test('text that is no JSON is shown by how it begins', () => {
  assert.is(refusal(() => readSpec('{"ociVersion":\n', 'a.json')), 'a.json: expected JSON, got "{\\"ociVersion\\":\\n"')
})

test('a process alone is held to the same rules, its fields named from there', () => {
  assert.equal(readProcess('{"cwd": "/", "args": ["id"]}'), { cwd: '/', args: ['id'], user: { uid: 0, gid: 0 } })
  assert.is(refusal(() => readProcess('{"cwd": "tmp", "args": ["id"]}')), 'process.json: cwd: expected an absolute path, got "tmp"')
  const limits = { ...PROCESS, rlimits: [{ type: 'RLIMIT_CORE', soft: 2, hard: 1 }] }
  const message = refusal(() => readProcess(JSON.stringify(limits)))
  assert.is(message, 'process.json: rlimits[0].soft: expected at most 1, the hard limit, got 2')
})

test('resources alone are held to the same rules, too', () => {
  assert.equal(readResources('{"pids": {"limit": 7}, "cpu": null, "unknown": 1}'), { pids: { limit: 7 } })
  const cases: readonly (readonly [text: string, said: string])[] = [
    ['{"pids":', 'expected JSON, got "{\\"pids\\":"'],
    ['[]', 'expected an object, got []'],
    ['{"memory": {"limit": "1g"}}',
      'memory.limit: expected a whole number from -9223372036854775808 to 9223372036854775807, got "1g"'],
    ['{"unified": {"../x": "1"}}', 'unified["../x"]: expected the name of a file in the cgroup, got "../x"'],
  ]
  for (const [text, said] of cases) assert.is(refusal(() => readResources(text)), `resources.json: ${said}`)
})

const ISOLATED = linux({
  ...own('network', 'ipc', 'uts'), sysctl: { 'net.core.somaxconn': '9', 'fs.mqueue.msg_max': '9', 'kernel.domainname': 'd' },
})

/** What is read of a config.json that is right. */
const taken = (data: object): unknown => readSpec(JSON.stringify(data))
const RIGHT: readonly (readonly [data: object, read: object])[] = [
  [{ ...BASE, ociVersion: '1.0.0-rc5' }, { ...BASE, ociVersion: '1.0.0-rc5' }],
  [{ ...BASE, unknown: { a: 1 }, windows: {} }, BASE],
  [{ ...BASE, mounts: null, linux: null, hooks: null, hostname: null }, BASE],
  [linux({ namespaces: null, resources: { memory: null } }), linux({ resources: {} })],
  [{ ...BASE, mounts: [{ destination: 'data' }] }, { ...BASE, mounts: [{ destination: '/data' }] }],
  [{ ...BASE, hostname: '' }, { ...BASE, hostname: '' }],
  [linux({ devices: [{ path: '/fifo', type: 'p' }] }), linux({ devices: [{ path: '/fifo', type: 'p' }] })],
  [resources({ devices: [{ allow: true, type: 'c', major: -1, minor: 3 }] }),
    resources({ devices: [{ allow: true, type: 'c', minor: 3 }] })],
  [linux({ seccomp: { any: [1] } }), linux({ seccomp: { any: [1] } })],
  [linux({ ...own('time'), timeOffsets: { monotonic: { secs: -5 } } }),
    linux({ ...own('time'), timeOffsets: { monotonic: { secs: -5, nanosecs: 0 } } })],
  [ISOLATED, ISOLATED],
]

test('what is right is taken; null is nothing, and what is unknown is left out', () => {
  for (const [data, read] of RIGHT) assert.equal(taken(data), read)
})

test('64 bits are exact where the kernel counts in them', () => {
  const rlimits = '[{"type": "RLIMIT_CORE", "soft": 5, "hard": 18446744073709551615}]'
  const { rlimits: read } = readProcess(`{"cwd": "/", "args": ["sh"], "rlimits": ${rlimits}}`)
  assert.equal(read, [{ type: 'RLIMIT_CORE', soft: 5, hard: 2n ** 64n - 1n }])
  const text = JSON.stringify(resources({ memory: { limit: 0 } })).replace('"limit":0', '"limit":9223372036854771712')
  assert.equal(readSpec(text).linux?.resources?.memory, { limit: -1 }, 'more than any machine has is no limit')
})

test('what runc and crun write is taken as it is', () => {
  for (const command of ['runc spec', 'runc spec --rootless', 'crun spec', 'crun spec --rootless']) {
    const directory = mkdtempSync(join(tmpdir(), 'pocker-spec-'))
    try {
      const [name = '', ...words] = command.split(' ')
      const { error } = spawnSync(name, words, { cwd: directory })
      if (error) continue
      const text = readFileSync(join(directory, 'config.json'), 'utf8')
      assert.equal(readSpec(text), JSON.parse(text), command)
    } finally {
      rmSync(directory, { recursive: true })
    }
  }
})

test('ten thousand mounts are read', () => {
  const one = { type: 'bind', source: '/srv', options: ['rbind'] }
  const mounts = Array.from({ length: 10_000 }, (_, i) => ({ ...one, destination: `/m/${i}` }))
  assert.is(readSpec(JSON.stringify({ ...BASE, mounts })).mounts?.length, 10_000)
})

test('a capability that is not known is passed over with a word, as is an ambient one that cannot be', () => {
  const capabilities = { bounding: ['CAP_KILL', 'CAP_TEA'], permitted: ['CAP_KILL'], ambient: ['CAP_KILL', 'constructor'] }
  const spec = readSpec(JSON.stringify({ ...program({ capabilities }), linux: { personality: { domain: 'LINUX', flags: ['X'] } } }))
  assert.equal(warningsOf(spec), [
    'process.capabilities.bounding: passed over CAP_TEA, which is not known here',
    'process.capabilities.ambient: passed over CAP_KILL, which is not permitted and inheritable as well',
    'process.capabilities.ambient: passed over constructor, which is not known here',
    'linux.personality.flags: passed over, as none is defined',
  ])
  assert.equal(grantable(capabilities), { bounding: ['CAP_KILL'], permitted: ['CAP_KILL'], ambient: [] })
})

test('a limit of swap is passed over with a word where the kernel has none', () => {
  const line = 'linux.resources.memory.swap: passed over, as this kernel cannot limit swap'
  const cases: readonly (readonly [memory: object, canSwap: boolean, said: string[]])[] = [
    [{ limit: 1, swap: 2 }, false, [line]], [{ limit: 1, swap: 2 }, true, []], [{ limit: 1, swap: -1 }, false, []], [{ limit: 1 }, false, []],
  ]
  for (const [memory, canSwap, said] of cases) {
    assert.equal(warningsOf(readSpec(JSON.stringify(resources({ memory }))), canSwap), said)
  }
})

test('a limit that the kernel no longer has is passed over with a word', () => {
  const weightDevice = [{ major: 8, minor: 0, leafWeight: 0 }, { major: 8, minor: 16, leafWeight: 20 }]
  const asked = resources({ memory: { kernel: 1 }, blockIO: { leafWeight: 10, weightDevice } })
  assert.equal(warningsOf(readSpec(JSON.stringify(asked))), ['memory.kernel', 'blockIO.leafWeight', 'blockIO.weightDevice.leafWeight'].map(
    (field) => `linux.resources.${field}: passed over, as the kernel has no such limit any more`))
  assert.equal(warningsOf(readSpec(JSON.stringify(resources({ memory: { kernel: 0 }, blockIO: { leafWeight: 0 } })))), [])
})

test('a kernel parameter is named with dots or with slashes', () => {
  assert.is(sysctlPath('net.ipv4.conf.eth0/100.forwarding'), '/proc/sys/net/ipv4/conf/eth0.100/forwarding')
  assert.is(sysctlPath('net/ipv4/conf/eth0.100/forwarding'), '/proc/sys/net/ipv4/conf/eth0.100/forwarding')
  assert.is(sysctlOwner('net.ipv4.conf.eth0/100.forwarding'), 'network')
  for (const key of ['', 'net', 'net.', 'netx.a', 'vm.swappiness', 'kernel.msgmaxx', 'net/./a', '/net/a']) {
    assert.is(sysctlOwner(key), undefined, key)
  }
})

// region property
/** Ways down to each field of a config.json that has them all. */
const FULL = {
  ...defaultSpec({ rootless: false }),
  hooks: { poststop: [{ path: '/x', args: ['x'], env: ['A=b'], timeout: 1 }] }, annotations: { a: 'b' }, domainname: 'd',
}
function ways(data: unknown, path: readonly string[] = []): (readonly string[])[] {
  const below = typeof data === 'object' && data !== null ? Object.entries(data) : []
  return [path, ...below.flatMap(([key, value]) => ways(value, [...path, key]))]
}
function withValue(data: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value
  const copy: Record<string, unknown> = (Array.isArray(data) ? [...data] : { ...(data as object) }) as Record<string, unknown>
  copy[key] = withValue(copy[key], rest, value)
  return copy
}

test('whatever stands in whichever field, there is a spec or one line', () => {
  fc.assert(fc.property(fc.constantFrom(...ways(FULL)), fc.jsonValue(), (way, value) => {
    const message = refusal(() => readSpec(JSON.stringify(withValue(FULL, way, value))))
    assert.match(message, /^taken$|^config\.json: [^\n\r]+, got [^\n\r]+$/)
  }), { numRuns: 2000 })
})
// endregion

test('a tree deeper than the stack is refused or taken, not fallen over', () => {
  for (const depth of [1000, 2500, 100_000]) {
    for (const middle of ['1', '"\\u0000"', 'null']) {
      const nested = `${'['.repeat(depth)}${middle}${']'.repeat(depth)}`
      for (const field of ['hostname', 'unknown']) {
        const text = `{"ociVersion": "1.2.0", "root": {"path": "r"}, "${field}": ${nested}}`
        assert.match(refusal(() => readSpec(text)), /^taken$|^config\.json: [^\n\r]+$/)
      }
    }
  }
})

test.run()
