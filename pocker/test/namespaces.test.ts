// Each namespace of a running container, as the kernel names it outside: its own, or the host's where a flag says so.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busybox, rootTest } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
const TYPES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const
type Type = typeof TYPES[number]
const namespace = (pid: number | 'self', type: Type): string => readlinkSync(`/proc/${pid}/ns/${type}`)

/** @returns the types of namespaces that a container shares with the host */
async function shared(...flags: string[]): Promise<Type[]> {
  const child = spawn(process.execPath, [bin, 'run', ...flags, await busybox(), 'sh', '-c', 'echo up; read line'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const pid = containerOf(child.pid ?? 0)
  const found = TYPES.filter((type) => namespace(pid, type) === namespace('self', type))
  child.stdin.end('\n')
  await once(child, 'exit')
  return found
}

/** The last of its line: node's child, or with a process between, that one's. */
function containerOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
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

test.run()
