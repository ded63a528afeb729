// What chapter 06 computes: no root needed.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_MOUNTS } from '@pocker/mount'
import { CLONE_NEWUSER } from '@pocker/syscalls'
import {
  borrow, choose, endOf, mapFrom, obstacles, parseIdMap, parseUserns, rootlessMap, subordinate, user, type IdMapping, type Surroundings,
  type Writer,
} from '@pocker/user'

const map = (...ranges: [number, number, number][]): IdMapping[] =>
  ranges.map(([containerID, hostID, size]) => ({ containerID, hostID, size }))
const one = map([0, 1000, 1])
const spec = (writtenBy: Writer, uidMappings = one, gidMappings = uidMappings) => ({ uidMappings, gidMappings, writtenBy })

test('root writes both maps; an owner gives up setgroups first; others ask newuidmap', () => {
  const ranges = map([0, 100000, 10], [10, 300000, 5])
  assert.equal(user(spec('root', ranges)).beside, [
    { path: '/proc/{pid}/uid_map', data: '0 100000 10\n10 300000 5\n' }, { path: '/proc/{pid}/gid_map', data: '0 100000 10\n10 300000 5\n' },
  ])
  assert.equal(user(spec('owner')).beside?.map((work) => ('path' in work ? [work.path, work.data] : [])), [
    ['/proc/{pid}/setgroups', 'deny'], ['/proc/{pid}/uid_map', '0 1000 1\n'], ['/proc/{pid}/gid_map', '0 1000 1\n'],
  ])
  assert.equal(user(spec('newuidmap', ranges, one)).beside, [
    { run: ['newuidmap', '{pid}', '0', '100000', '10', '10', '300000', '5'] }, { run: ['newgidmap', '{pid}', '0', '1000', '1'] },
  ])
  assert.is(user(spec('root')).flags, CLONE_NEWUSER)
})

test('the group comes before the user: a user who is not root may change no group', () => {
  assert.equal(user(spec('root')).child?.map(({ call }) => call), ['setgroups', 'setresgid', 'setresuid'])
  assert.equal(user(spec('owner')).child?.map(({ call }) => call), ['setresgid', 'setresuid']) // setgroups is denied
})

test('a map that is none is refused, and the message says which and why', () => {
  const cases: readonly [IdMapping[], RegExp][] = [
    [[], /^uidMappings: expected 1 to 340 ranges, got 0$/],
    [map([0, 1000, 10], [5, 9000, 10]), /^uidMappings: expected ranges that do not overlap, got 0:1000:10 and 5:9000:10$/],
    [map([0, 1000, 10], [10, 1005, 1]), /^uidMappings: expected ranges that do not overlap, got 0:1000:10 and 10:1005:1$/],
    [map([0, 1000, 0]), /^uidMappings: expected whole numbers, and a size above 0, got 0:1000:0$/],
    [map([0, -1, 1]), /^uidMappings: expected whole numbers, and a size above 0, got 0:-1:1$/],
    [map([0, 0.5, 1]), /^uidMappings: expected whole numbers/],
    [map([0, 0, 2 ** 32]), /^uidMappings: expected ids below 4294967295, got 0:0:4294967296$/],
    [map([1, 1000, 1]), /^uidMappings: expected a range that begins with 0, root of the container, got none$/],
    [map([0, 0, 1], ...Array.from({ length: 200 }, (_, i): [number, number, number] => [4e9 + i, 4e9 + 2 * i, 1])),
      /^uidMappings: expected less than 4096 bytes of ranges, got \d+ with 201 of them$/],
    [map(...Array.from({ length: 341 }, (_, i): [number, number, number] => [i, i, 1])), /^uidMappings: expected 1 to 340 ranges, got 341$/],
  ]
  for (const [uidMappings, message] of cases) assert.throws(() => user(spec('root', uidMappings, one)), message)
  assert.throws(() => user(spec('root', one, [])), /^gidMappings: /)
})

test('/etc/subuid: lines by name or by number, several of them, and those that are none passed over', () => {
  const file = '# a comment\nalice:100000:65536\nbob:200000:10\n1000:300000:5\nalice:x:1\nalice:400000:0\n\n alice:500000:1 \n'
  assert.equal(subordinate(file, { name: 'alice', id: 1000 }), [
    { start: 100000, size: 65536 }, { start: 300000, size: 5 }, { start: 500000, size: 1 },
  ])
  assert.equal(subordinate(file, { name: 'eve', id: 7 }), [])
  assert.equal(subordinate('a:100:10\na:100:10\na:105:20\na:110:5\na:0:50\n', { name: 'a', id: 7 }), [
    { start: 100, size: 10 }, { start: 110, size: 5 },
  ])
  // In /etc/subgid it is the number of his group that he has already, though a line may begin with his own.
  const group = (own: number) => subordinate('alice:100000:10\nalice:1000:5\n', { name: 'alice', id: 1000 }, own)
  assert.equal(group(100_005), [{ start: 1000, size: 5 }])
  assert.equal(group(7), [{ start: 100_000, size: 10 }, { start: 1000, size: 5 }])
  const far = 'a:4294967200:100\na:99999999999999999999:1\na:100:4294967295\na:4294967200:95\n' // ids have 32 bits, and the last is none
  assert.equal(subordinate(far, { name: 'a', id: 7 }), [{ start: 4_294_967_200, size: 95 }])
  assert.is(endOf(far), 4_294_967_295)
  assert.is(endOf(file), 500001)
  assert.is(endOf(''), 100000)
})

test('without root, 0 is the user and the rest follows; with root, the ranges begin at 0', () => {
  const ranges = [{ start: 100000, size: 100 }, { start: 900000, size: 5 }]
  assert.equal(rootlessMap(1000, ranges), map([0, 1000, 1], [1, 100000, 100], [101, 900000, 5]))
  assert.equal(mapFrom(0, ranges), map([0, 100000, 100], [100, 900000, 5]))
})

const ranges = [{ start: 100000, size: 65536 }]
const alice: Surroundings = { name: 'alice', uid: 1000, gid: 1001, subuid: ranges, subgid: ranges, unused: 165536, programs: true }
const root: Surroundings = { ...alice, name: 'root', uid: 0, gid: 0 }

test('who asks, and for what, decides on the user namespace', () => {
  assert.equal(choose({}, root), {})
  assert.equal(choose({ mode: 'host' }, root), {})
  assert.equal(choose({ mode: 'auto' }, root).spec, { ...spec('root', map([0, 100000, 65536])) })
  assert.equal(choose({}, alice).spec, { ...spec('newuidmap', map([0, 1000, 1], [1, 100000, 65536]), map([0, 1001, 1], [1, 100000, 65536])) })
  assert.equal(choose({ uidMappings: one }, alice).spec, spec('newuidmap'))
  assert.equal(choose({ uidMappings: one, gidMappings: map([0, 5, 1]) }, root).spec, spec('root', one, map([0, 5, 1])))
})

test('what is missing is said, with the remedy', () => {
  const poor = choose({}, { ...alice, subuid: [] })
  assert.equal(poor.spec, spec('owner', map([0, 1000, 1]), map([0, 1001, 1])))
  assert.is(poor.lacking?.found, '/etc/subuid and /etc/subgid have no ids for alice')
  assert.is(poor.lacking?.remedy, 'usermod --add-subuids 165536-231071 --add-subgids 165536-231071 alice')
  assert.equal(choose({}, { ...alice, programs: false }).lacking, { found: 'newuidmap is not installed', remedy: 'apt-get install uidmap' })
  assert.throws(() => choose({ mode: 'auto' }, { ...root, subgid: [] }), /^--userns: expected ids for root in \/etc\/subuid .*; try: usermod /)
  assert.throws(() => choose({ mode: 'host' }, alice), /^--userns: expected root for host, got an ordinary user/)
  assert.throws(() => choose({ mode: 'auto', uidMappings: one }, root), /^--userns: expected it without --uidmap, got auto/)
  assert.throws(() => choose({ uidMappings: one }, { ...alice, programs: false }), /^--uidmap: newuidmap is not installed; try: apt-get install uidmap$/)
  assert.is(choose({ uidMappings: one }, { ...root, programs: false }).spec?.writtenBy, 'root')
  assert.throws(() => choose({ gidMappings: one }, root), /^--gidmap: expected --uidmap beside it/)
})

test('the flags are parsed as podman writes them', () => {
  assert.is(parseUserns('auto'), 'auto')
  assert.throws(() => parseUserns('keep'), /^--userns: expected host or auto, got "keep"$/)
  assert.equal(parseIdMap('--uidmap', '0:100000:65536'), { containerID: 0, hostID: 100000, size: 65536 })
  assert.equal(parseIdMap('--uidmap', '0:5'), { containerID: 0, hostID: 5, size: 1 })
  for (const wrong of ['', '0', '0:x:1', '0:1:2:3', '-1:0:1']) assert.throws(() => parseIdMap('--gidmap', wrong), /^--gidmap: expected CONTAINER:HOST:SIZE/)
})

test('what shows a namespace of the host\'s is borrowed, the rest is mounted afresh', () => {
  const sources = (own: Parameters<typeof borrow>[1]): string[] => (borrow(DEFAULT_MOUNTS, own).mounts ?? [])
    .filter(({ type }) => type === 'bind').map(({ source = '' }) => source)
  assert.equal(sources({ pid: true, net: true, ipc: true }), [])
  assert.equal(sources({ pid: true, net: false, ipc: true }), ['/sys'])
  assert.equal(sources({ pid: false, net: false, ipc: false }), ['/proc', '/sys'])
  const places = (net: boolean | 'other') => borrow(DEFAULT_MOUNTS, { pid: true, net, ipc: true }).mounts?.map(({ destination }) => destination)
  assert.equal(places('other'), places(true)?.filter((place) => place !== '/sys')) // the host's would show the host's devices
  assert.ok(borrow(DEFAULT_MOUNTS, { pid: true, net: false, ipc: true }).mounts?.find(({ source }) => source === '/sys')?.options?.includes('rro'))
})

test('each way in which a distribution forbids user namespaces is known, with its remedy', () => {
  const machine = (files: Record<string, string>) => (path: string): string | undefined => files[path]
  assert.equal(obstacles(machine({}), alice), [])
  assert.equal(obstacles(machine({ '/proc/sys/user/max_user_namespaces': '15000\n' }), alice), [])
  const found = obstacles(machine({
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n', '/proc/sys/kernel/unprivileged_userns_clone': '0\n',
    '/proc/sys/user/max_user_namespaces': '0\n',
  }), { ...alice, subuid: [] })
  assert.equal(found.map(({ remedy }) => remedy), [
    'as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', 'as root: sysctl -w kernel.unprivileged_userns_clone=1',
    'as root: sysctl -w user.max_user_namespaces=15000', 'as root: usermod --add-subuids 165536-231071 --add-subgids 165536-231071 alice',
  ])
})

test.run()
