// What a config becomes, without a machine: the parts of the plan, and what is refused.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compile, type Place } from '../src/compile/compile.ts'
import { limitsOf } from '../src/compile/group.ts'
import { mapsOf } from '../src/lifecycle/place.ts'
import { readSpec } from '../src/spec/read.ts'
import type { LinuxSpec } from '../src/spec/schema.ts'
import { BASE, linux, program, refusal } from './given.ts'

/** An ordinary user's: no groups. */
const PLACE: Place = {
  rootfs: '/rootfs', bundle: '/bundle', look: () => undefined, mapsWrittenBy: 'root', held: [], preserved: 0,
  waits: { hooks: false, start: false },
}
const told = (data: object, place: Place = PLACE): string => refusal(() => compile(readSpec(JSON.stringify(data)), place))

test('what nothing here can give is refused by name; no devices to move are nothing to refuse', () => {
  const own = { namespaces: [{ type: 'mount' }] }
  const cases: readonly (readonly [data: object, said: string])[] = [
    [program({ selinuxLabel: 'l' }), 'process.selinuxLabel: expected none, as SELinux labels are not given here, got l'],
    [linux({ mountLabel: 'l' }), 'linux.mountLabel: expected none, as SELinux labels are not given here, got l'],
    [linux({ intelRdt: { closID: 'a' } }),
      'linux.intelRdt: expected none, as shares of the processor\'s cache are not set here, got {"closID":"a"}'],
    [linux({ netDevices: { eth0: {} } }), 'linux.netDevices: expected none, as devices are not moved here but by hooks, got eth0'],
    [linux({ ...own, netDevices: {} }), 'taken'],
    [linux(own), 'taken'],
  ]
  for (const [data, said] of cases) assert.is(told(data), said)
})

test('a limit is of 64 bits', () => {
  const rlimits = [{ type: 'RLIMIT_MEMLOCK', soft: 2n ** 63n, hard: 2n ** 64n - 1n }]
  const { process, ...rest } = readSpec(JSON.stringify(BASE))
  const { child } = compile({ ...rest, ...(process && { process: { ...process, rlimits } }) }, PLACE)
  assert.equal(child.find(({ call }) => call === 'prlimit64')?.args[2], { rlim_cur: 2n ** 63n, rlim_max: 2n ** 64n - 1n })
})

test('a config without a process is read, and is no plan', () => {
  const { process: _, ...without } = BASE
  assert.is(told(without), 'config.json: process: expected a program to run, got nothing')
})

test('an ordinary user needs newuidmap for more than one id, and not for one or none', () => {
  const [one, many] = [{ containerID: 0, hostID: 1000, size: 1 }, { containerID: 1, hostID: 100_000, size: 65_536 }]
  const cases: readonly (readonly [linux: LinuxSpec, writer: string])[] = [
    [{}, 'owner'], [{ uidMappings: [], gidMappings: [] }, 'owner'], [{ uidMappings: [one], gidMappings: [one] }, 'owner'],
    [{ uidMappings: [one, many], gidMappings: [one] }, 'newuidmap'], [{ uidMappings: [one], gidMappings: [many] }, 'newuidmap'],
  ]
  for (const [linux, writer] of cases) assert.is(mapsOf({ linux }), writer, JSON.stringify(linux))
})

test('limits in version 2\'s words: swap alone, where it can be limited; weights on its scale, whatever the machine has', () => {
  const memory = { limit: 1000, swap: 1500 }
  assert.equal(limitsOf({ memory }, true), { 'memory.max': '1000', 'memory.swap.max': '500' })
  assert.equal(limitsOf({ memory }, false), { 'memory.max': '1000' })
  const nothing = { memory: { limit: 0, swap: 0, reservation: 0 }, pids: { limit: 0 }, cpu: { shares: 0, quota: 0, period: 0 } }
  assert.equal(limitsOf(nothing, true), {}, 'Go writes 0 for what nobody said')
  assert.equal(limitsOf({ cpu: { quota: 50_000 } }, true), { 'cpu.max': '50000 100000' })
  assert.equal(limitsOf({ blockIO: { weight: 500 } }, true), { 'io.weight': 'default 4950' })
  const weightDevice = [{ major: 8, minor: 0, weight: 10 }, { major: 8, minor: 16, weight: 1000 }]
  assert.equal(limitsOf({ blockIO: { weight: 500, weightDevice } }, true), { 'io.weight': 'default 4950\n8:0 1\n8:16 10000' })
})

test.run()
