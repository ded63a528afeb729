// Each namespace of a running container, as the kernel names it outside: its own, or the host's where a flag says so.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busybox, rootTest } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
const TYPES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const
type Type = typeof TYPES[number]
const namespace = (pid: number | 'self', type: Type): string => readlinkSync(`/proc/${pid}/ns/${type}`)

/** @returns what `look` finds while a container with these flags runs */
async function running<T>(flags: readonly string[], look: (pid: number) => T | Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [bin, 'run', ...flags, await busybox(), 'sh', '-c', 'echo up; read line'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  try {
    return await look(containerOf(child.pid ?? 0))
  } finally {
    child.stdin.end('\n')
    await once(child, 'exit')
  }
}

/** @returns the types of namespaces that a container shares with the host */
const shared = (...flags: string[]): Promise<Type[]> =>
  running(flags, (pid) => TYPES.filter((type) => namespace(pid, type) === namespace('self', type)))

/** The last of its line: node's youngest child, behind one that may have built the bundle; or with a process between, that one's. */
function containerOf(pid: number): number {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number).at(-1)
  return child ? containerOf(child) : pid
}

rootTest(test, 'a container has namespaces of its own; users and clocks where they are asked for', async () => {
  assert.equal(await shared(), ['time', 'user'])
  assert.equal(await shared('--boottime', '+1d'), ['user'])
  assert.equal(await shared('--uidmap', '0:100000:65536'), ['time'])
  assert.equal(await shared('--uidmap', '0:100000:65536', '--monotonic', '+1h'), [])
})

rootTest(test, 'each of the host\'s is shared where a flag says so, and no other with it', async () => {
  const flags: readonly [Type, ...string[]][] = [
    ['ipc', '--ipc', 'host'], ['net', '--network', 'host'], ['pid', '--pid', 'host'], ['uts', '--uts', 'host'], ['cgroup', '--cgroupns', 'host'],
  ]
  for (const [type, ...words] of flags) assert.equal(await shared(...words), [type, 'time', 'user'].toSorted(), words.join(' '))
  assert.equal(await shared('--userns', 'host'), ['time', 'user'])
})

rootTest(test, 'in a user namespace, a container that shares another\'s network and queues sees nothing of the host\'s', async () => {
  const [sys, theirs, own] = await running([], async (pid) => {
    const flags = ['--uidmap', '0:100000:65536', '--network', `container:${pid}`, '--ipc', `container:${pid}`]
    return await running(flags, (guest) => [readdirSync(`/proc/${guest}/root/sys`), ...[pid, guest].map((number) => [namespace(number, 'net'), namespace(number, 'ipc')])])
  })
  assert.equal(sys, []) // a copy of the host's would show the host's devices
  assert.equal(own, theirs)
})

rootTest(test, 'root of a user namespace gets to a root file system of his own, though pocker keeps the rest to itself', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-closed-')) // with mode 700, as images are kept
  try {
    const argv = [bin, 'run', '--uidmap', '0:100000:65536', 'busybox', 'sh', '-c', 'id -u; touch /made']
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', env: { ...process.env, POCKER_ROOT: dir } })
    assert.equal([status, stdout], [0, '0\n'], stderr)
    assert.is(statSync(dir).mode & 0o777, 0o711)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
