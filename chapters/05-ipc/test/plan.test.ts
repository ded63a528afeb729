// The plans of IPC, as data.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ipc, ipcMounts, joinedShm, SHM_SIZE } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { CLONE_NEWIPC, command, encode, explain, plan } from '@pocker/syscalls'

const MODES = ['none', 'private', 'shareable', 'host'] as const
const destinations = (...spec: Parameters<typeof ipcMounts>): string[] => ipcMounts(...spec).map(({ destination }) => destination)

test('a namespace of its own is a flag, the host\'s is nothing, another\'s is entered by a process in between', () => {
  for (const mode of ['none', 'private', 'shareable'] as const) assert.equal(ipc({ mode }), { name: 'ipc', flags: CLONE_NEWIPC })
  assert.equal(ipc({ mode: 'host' }), { name: 'ipc' })
  assert.equal(ipc({ mode: { join: 42 } }).before?.map(({ call }) => call), ['prctl', 'openat', 'setns', 'close'])
})

test('a process number that is none is refused by both halves', () => {
  for (const join of [0, -1, 1.5, NaN]) {
    assert.throws(() => ipc({ mode: { join } }), new RegExp(`^ipc\\.join: expected a process number, got ${join}$`))
    assert.throws(() => joinedShm({ mode: { join } }), new RegExp(`^ipc\\.join: expected a process number, got ${join}$`))
  }
})

test('/dev/shm has Docker\'s options and size, unless another is asked for', () => {
  const options = ['nosuid', 'nodev', 'noexec', 'mode=1777']
  const [memory] = ipcMounts({ mode: 'private' })
  assert.equal(memory, { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...options, `size=${SHM_SIZE}`] })
  assert.is(SHM_SIZE, 65536 * 1024)
  assert.is(ipcMounts({ mode: 'shareable', shmSize: 4096 })[0]?.options?.at(-1), 'size=4096')
})

test('every mode has the queues; /dev/shm is the host\'s, its own, the other\'s by descriptor, or none', () => {
  assert.equal(MODES.map((mode) => destinations({ mode })), [
    ['/dev/mqueue'], ['/dev/shm', '/dev/mqueue'], ['/dev/shm', '/dev/mqueue'], ['/dev/shm', '/dev/mqueue'],
  ])
  assert.equal(ipcMounts({ mode: 'host' })[0], {
    destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind', 'rnosuid', 'rnodev', 'rnoexec'],
  })
  assert.equal(destinations({ mode: { join: 42 } }), ['/dev/mqueue'])
  for (const mode of MODES) assert.equal(joinedShm({ mode }), { name: 'shm' })
})

test('a size of 0 would be no limit at all: it is refused', () => {
  for (const shmSize of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => ipcMounts({ mode: 'private', shmSize }), new RegExp(`^shmSize: expected a number of bytes above 0, got ${shmSize}$`))
  }
})

test('without mounts() there is no root to attach the other\'s /dev/shm in: the plan is refused', () => {
  const [shm, program] = [joinedShm({ mode: { join: 42 } }), command({ argv: ['/bin/true'] })]
  const list = (parts: Parameters<typeof plan>[0]) => { const { before, child } = plan(parts); return [...before, ...child] }
  assert.throws(() => encode(list([shm, program]), 'x64'), /openat2: dirfd: expected the name of an earlier step, got root/)
  assert.ok(encode(list([mounts({ root: { path: '/r' } }), shm, program]), 'x64'))
})

test('the other\'s mount is copied between the way there and the way back', () => {
  const root = mounts({ root: { path: '/r' }, mounts: [...DEFAULT_MOUNTS, ...ipcMounts({ mode: { join: 42 } })] })
  const text = explain(plan([root, joinedShm({ mode: { join: 42 } }), command({ argv: ['/bin/true'] })]))
  const places = ['setns(<their mounts>', 'open_tree(<their shm>', 'setns(<our mounts>', 'chroot(".")', 'pivot_root(', 'move_mount(<shm>']
    .map((call) => text.indexOf(call))
  assert.not.ok(places.includes(-1), text)
  assert.equal(places, places.toSorted((a, b) => a - b))
})

test.run()
