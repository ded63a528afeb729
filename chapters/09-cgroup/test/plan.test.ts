// What chapter 09 computes: the same words for both versions of cgroups. No root needed.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  canSet, cgroup, DEFAULT_DEVICES, devices, ioWeight, parseCgroupns, parseCgroupParent, parseMounts, parseThrottle, parseWeight, pids, program, put, roots,
  wholeNumber, type Limits, type Tree,
} from '@pocker/cgroup'
import { CLONE_NEWCGROUP, type Syscall } from '@pocker/syscalls'

const V2: Tree = { unified: '/c', controllers: ['cpu', 'cpuset', 'memory', 'pids', 'io'], v1: {}, cpus: '0-3', mems: '0', swap: true }
const HYBRID: Tree = {
  unified: '/c/unified', controllers: [], cpus: '0-3', mems: '0', swap: true,
  v1: { cpu: '/c/cpu,cpuacct', cpuacct: '/c/cpu,cpuacct', cpuset: '/c/cpuset', memory: '/c/memory', pids: '/c/pids', blkio: '/c/blkio', devices: '/c/devices' },
}
/** What is written, file by file. */
const written = (steps: readonly Syscall[]): string[] => steps.filter(({ call }) => call === 'write')
  .map(({ args: [file, text] }) => `${(file as { resultOf: string }).resultOf} ${String(text)}`)
const puts = (tree: Tree, limits: Limits): string[] => written(put({ tree, path: '/pocker/x' }, limits))

test('the mounts of a machine tell where each controller is', () => {
  const v2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'
  assert.equal(parseMounts(v2), { unified: '/sys/fs/cgroup', v1: {} })
  const hybrid = `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n`
  const both = '/sys/fs/cgroup/cpu,cpuacct'
  assert.equal(parseMounts(hybrid), { unified: '/sys/fs/cgroup/unified', v1: { cpu: both, cpuacct: both } })
  assert.equal(parseMounts(''), { v1: {} })
})

test('a hierarchy with two controllers gets one group', () => {
  assert.equal(roots({ ...HYBRID, v1: { cpu: '/c/cpu,cpuacct', cpuacct: '/c/cpu,cpuacct', pids: '/c/pids' } }), ['/c/unified', '/c/cpu,cpuacct', '/c/pids'])
})

test('each limit in version 2\'s words, and what version 1 is told', () => {
  const cases: readonly [Limits, string[], string[]][] = [
    [{ 'pids.max': '64' }, ['/c/pocker/x/pids.max 64'], ['/c/pids/pocker/x/pids.max 64']],
    [{ 'cpu.max': '50000 100000' }, ['/c/pocker/x/cpu.max 50000 100000'],
      ['/c/cpu,cpuacct/pocker/x/cpu.cfs_period_us 100000', '/c/cpu,cpuacct/pocker/x/cpu.cfs_quota_us 50000']],
    [{ 'cpu.max': 'max 100000' }, ['/c/pocker/x/cpu.max max 100000'],
      ['/c/cpu,cpuacct/pocker/x/cpu.cfs_period_us 100000', '/c/cpu,cpuacct/pocker/x/cpu.cfs_quota_us -1']],
    [{ 'cpu.weight': '39' }, ['/c/pocker/x/cpu.weight 39'], ['/c/cpu,cpuacct/pocker/x/cpu.shares 1024']],
    [{ 'cpu.weight': '1' }, ['/c/pocker/x/cpu.weight 1'], ['/c/cpu,cpuacct/pocker/x/cpu.shares 28']],
    [{ 'cpu.weight': '10000' }, ['/c/pocker/x/cpu.weight 10000'], ['/c/cpu,cpuacct/pocker/x/cpu.shares 262170']],
    [{ 'memory.max': '1000', 'memory.swap.max': '500' }, ['/c/pocker/x/memory.max 1000', '/c/pocker/x/memory.swap.max 500'],
      ['/c/memory/pocker/x/memory.limit_in_bytes 1000', '/c/memory/pocker/x/memory.memsw.limit_in_bytes 1500']],
    [{ 'memory.max': '1000', 'memory.swap.max': 'max' }, ['/c/pocker/x/memory.max 1000', '/c/pocker/x/memory.swap.max max'],
      ['/c/memory/pocker/x/memory.limit_in_bytes 1000', '/c/memory/pocker/x/memory.memsw.limit_in_bytes -1']],
    [{ 'cpuset.cpus': '0-1' }, ['/c/pocker/x/cpuset.cpus 0-1'], ['/c/cpuset/pocker/x/cpuset.cpus 0-1']],
    [{ 'io.weight': 'default 4950' }, ['/c/pocker/x/io.weight default 4950'], ['/c/blkio/pocker/x/blkio.bfq.weight 500']],
    [{ 'io.weight': 'default 1' }, ['/c/pocker/x/io.weight default 1'], ['/c/blkio/pocker/x/blkio.bfq.weight 10']],
    [{ 'io.weight': '8:0 10000' }, ['/c/pocker/x/io.weight 8:0 10000'], ['/c/blkio/pocker/x/blkio.bfq.weight_device 8:0 1000']],
    [{ 'io.max': '8:0 rbps=1048576\n8:16 wiops=10' }, ['/c/pocker/x/io.max 8:0 rbps=1048576', '/c/pocker/x/io.max 8:16 wiops=10'],
      ['/c/blkio/pocker/x/blkio.throttle.read_bps_device 8:0 1048576', '/c/blkio/pocker/x/blkio.throttle.write_iops_device 8:16 10']],
  ]
  for (const [limits, two, one] of cases) {
    assert.equal(puts(V2, limits), two)
    assert.equal(puts(HYBRID, limits), one)
  }
})

test('a weight of disks comes to version 1 as it was given', () => {
  for (let weight = 10; weight <= 1000; weight++) {
    assert.equal(puts(HYBRID, { 'io.weight': `default ${ioWeight(weight)}` }), [`/c/blkio/pocker/x/blkio.bfq.weight ${weight}`])
  }
})

test('what a machine cannot limit is refused, and the message says what is there', () => {
  const lacks = { ...V2, controllers: ['pids'] }
  assert.throws(() => puts(lacks, { 'memory.max': '1' }), /^memory\.max: expected the memory controller, and this machine's cgroups have pids$/)
  assert.throws(() => puts(V2, { 'memory.swappiness': '1' }), /^memory\.swappiness: expected version 1 of its controller, and this machine's/)
  assert.throws(() => puts(HYBRID, { 'memory.high': '1' }), /^memory\.high: expected the memory controller/)
  assert.throws(() => puts({ ...V2, controllers: [] }, { 'pids.max': '1' }), /have none$/)
  assert.not.ok(canSet(lacks, 'cpu.max'))
  assert.ok(canSet(HYBRID, 'cpu.max'))
})

test('the child is born in its group, enters those of version 1, and then makes its cgroup namespace', () => {
  const { cgroup: born, child = [], needs = [] } = cgroup({ tree: HYBRID, path: '/pocker/x' }, { namespace: 'private' })
  assert.is(born, '/c/unified/pocker/x')
  assert.equal(child[0], { call: 'close', args: [{ resultOf: '/c/unified/pocker/x' }], why: 'it was born in it' })
  assert.equal(written(child), roots(HYBRID).slice(1).map((root) => `${root}/pocker/x/tasks 0`))
  assert.equal(child.at(-1), { call: 'unshare', args: [CLONE_NEWCGROUP], why: 'its group is its root: it sees no other' })
  assert.is(needs.length, roots(HYBRID).length)
})

test('with one version alone there is one way in', () => {
  const { unified: _, ...v1 } = HYBRID
  const [one, two] = [v1, V2].map((tree) => cgroup({ tree, path: '/pocker/x' }, { namespace: 'host' }))
  assert.is(one?.cgroup, undefined)
  assert.equal(written(one?.child ?? []), roots(v1).map((root) => `${root}/pocker/x/tasks 0`))
  assert.is(two?.cgroup, '/c/pocker/x')
  assert.equal(two?.child?.map(({ call }) => call), ['close'])
})

test('any number of processes is written as max', () => {
  for (const any of [0, -1]) assert.equal(written(pids({ tree: V2, path: '/p' }, any).needs?.[0]?.make ?? []), ['/c/p/pids.max max'])
  assert.equal(pids({ tree: V2, path: '/p' }, 7).name, 'pids')
})

test('devices: lines for version 1, a program for version 2, whose answers agree with the rules', () => {
  const lines = written(devices({ tree: HYBRID, path: '/p' }, DEFAULT_DEVICES).needs?.[0]?.make ?? [])
  assert.equal(lines.slice(0, 4), ['/c/devices/p/devices.deny a', '/c/devices/p/devices.allow c *:* m', '/c/devices/p/devices.allow b *:* m', '/c/devices/p/devices.allow c 1:3 rwm'])
  const two = devices({ tree: V2, path: '/p' }, DEFAULT_DEVICES)
  assert.equal(two.child?.map(({ call }) => call), ['openat', 'dup3', 'close', 'bpf', 'dup3', 'close', 'bpf', 'close', 'close'])
  const between = devices({ tree: V2, path: '/p' }, DEFAULT_DEVICES, 'between')
  assert.is(between.before?.length, 9)
  assert.throws(() => devices({ tree: V2, path: '/p' }, [{ allow: true, access: 'x' }]), /^devices\[0\]: expected a type a, b or c/)
  // open for reading and writing, mknod; of null, of a disk, of a terminal
  const cases: readonly [string, number, number, string, boolean][] = [
    ['c', 1, 3, 'rw', true], ['c', 1, 1, 'r', false], ['b', 8, 0, 'r', false], ['b', 8, 0, 'm', true], ['c', 136, 7, 'rw', true],
    ['c', 10, 200, 'rw', false], ['c', 10, 200, 'm', true], ['c', 10, 200, 'rm', false], ['c', 5, 2, 'r', true],
  ]
  const code = program(DEFAULT_DEVICES)
  for (const [type, major, minor, access, allowed] of cases) assert.is(simulate(code, type, major, minor, access), allowed, `${type} ${major}:${minor} ${access}`)
  assert.ok(simulate(program([{ allow: false }, { allow: true }]), 'b', 8, 0, 'rwm'))
  assert.not.ok(simulate(program([]), 'c', 1, 3, 'r'))
  const but = program([{ allow: true }, { allow: false, type: 'b', access: 'w' }])
  assert.ok(simulate(but, 'b', 8, 0, 'r'))
  assert.not.ok(simulate(but, 'b', 8, 0, 'rw'))
  assert.ok(simulate(but, 'c', 8, 0, 'rw'))
})

/** The few instructions that such a program has, as the kernel runs them. */
function simulate(code: Buffer, type: string, major: number, minor: number, access: string): boolean {
  const wanted = [...access].reduce((all, letter) => all | ({ m: 1, r: 2, w: 4 }[letter] ?? 0), 0)
  const context: Record<number, number> = { 0: (wanted << 16) | (type === 'b' ? 1 : 2), 4: major, 8: minor }
  const registers = [0, 0, 0, 0, 0, 0, 0]
  for (let at = 0; at < code.length / 8; at++) {
    const [op, pair, offset, immediate] = [code[at * 8] ?? 0, code[at * 8 + 1] ?? 0, code.readInt16LE(at * 8 + 2), code.readInt32LE(at * 8 + 4)]
    const [to, from] = [pair & 15, pair >> 4]
    const value = registers[to] ?? 0
    if (op === 0x61) registers[to] = context[offset] ?? NaN
    else if (op === 0x54) registers[to] = value & immediate
    else if (op === 0x74) registers[to] = value >>> immediate
    else if (op === 0xb7) registers[to] = immediate
    else if (op === 0xbc) registers[to] = registers[from] ?? NaN
    else if (op === 0x55) at += value !== immediate ? offset : 0
    else if (op === 0x15) at += value === immediate ? offset : 0
    else if (op === 0x95) return registers[0] === 1
    else throw new Error(`instruction ${op.toString(16)}`)
  }
  throw new Error('no answer')
}

test('the flags', () => {
  assert.is(wholeNumber('--x', '-1'), -1)
  assert.throws(() => wholeNumber('--pids-limit', 'many'), /^--pids-limit: expected a whole number, got "many"$/)
  assert.is(parseCgroupns(undefined), 'private')
  assert.throws(() => parseCgroupns('shared'), /^--cgroupns: expected private or host, got "shared"$/)
  assert.is(parseCgroupParent('pocker/team/'), '/pocker/team')
  for (const wrong of ['', '/', '/a/../b', 'user.slice']) assert.throws(() => parseCgroupParent(wrong), /^--cgroup-parent: expected a path/)
  assert.equal(parseWeight('10'), { 'io.weight': 'default 1' })
  assert.equal(parseWeight('1000'), { 'io.weight': 'default 10000' })
  assert.throws(() => parseWeight('5'), /^--blkio-weight: expected 10 to 1000, got 5$/)
  const [numberOf, size] = [() => '8:0', (text: string) => Number(text) * 1024]
  assert.is(parseThrottle('--device-read-bps', '/dev/sda:4', numberOf, size), '8:0 rbps=4096')
  assert.is(parseThrottle('--device-write-iops', '/dev/sda:4', numberOf, size), '8:0 wiops=4')
  assert.throws(() => parseThrottle('--device-write-iops', 'sda:4', numberOf, size), /^--device-write-iops: expected DEVICE:RATE/)
})

test.run()
