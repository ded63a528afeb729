// Many containers, in a row and at once: none fails or hangs, nothing is left, and the last are as fast as the first.
import { closeSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import {
  call, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, command, namespaces, O_CLOEXEC, pipe2, plan,
  sethostname, spawn,
} from '@pocker/syscalls'

const container = plan([
  { name: 'all', flags: CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET, child: [sethostname('box')] },
  command({ argv: ['/bin/true'] }),
])
const memory = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
const state = (): unknown => [readdirSync('/proc/self/fd').length, readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')]

rootTest(test, '2,000 containers in a row: the last hundred take as long as the first, and no memory is kept', () => {
  const time = (count: number): number => {
    const start = performance.now()
    for (let i = 0; i < count; i++) assert.equal(spawn(container).waitSync(), { code: 0, signal: null })
    return performance.now() - start
  }
  const before = state()
  time(100) // the first of all pay for loading and compiling
  const first = time(100)
  const used = memory()
  time(1700)
  const last = time(100)
  console.log(`\n  first hundred ${first.toFixed(0)} ms, last hundred ${last.toFixed(0)} ms, ${memory() - used} KiB more resident`)
  assert.equal(state(), before)
  assert.ok(memory() - used < 128 * 1024, `${memory() - used} KiB more resident than after the first 200: expected a plateau`)
})

rootTest(test, '200 containers at once: each ends by itself, with its own code', async () => {
  const before = state()
  const [fds] = call(pipe2(O_CLOEXEC)).outs
  const [reader, writer] = [fds?.readInt32LE(0) ?? -1, fds?.readInt32LE(4) ?? -1]
  const codes = Array.from({ length: 200 }, (_, i) => i % 100)
  const children = codes.map((code) => spawn(plan([
    { name: 'namespaces', flags: CLONE_NEWUTS | CLONE_NEWPID },
    command({ argv: ['sh', '-c', `read line; exit ${code}`], stdio: [reader, 1, 2] }),
  ])))
  closeSync(reader)
  assert.is(new Set(children.map(({ pid }) => namespaces(pid)['uts'])).size, 200, 'all of them live, each in a namespace of its own')
  closeSync(writer) // the end of their input
  const exits = await Promise.all(children.map((child) => child.wait()))
  assert.equal(exits.map(({ code }) => code), codes)
  assert.equal(state(), before)
})

test.run()
