// The check for leftovers, given something to find.
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { call, CLONE_NEWUTS, command, foreground, mount, plan, spawn, umount2 } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'
import { leftovers, snapshot } from '../../leftovers.ts'

rootTest(test, 'a file, a mount, a group and a process are found, and are gone when they are gone', async () => {
  const tmp = mkdtempSync(join(tmpdir(), 'leftovers-'))
  const before = snapshot(tmp)
  writeFileSync(join(tmp, 'file'), '')
  call(mount('none', tmp, 'tmpfs', 0, null))
  const tree = ['unified', 'pids', '.'].find((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`)) ?? '.'
  const group = join('/sys/fs/cgroup', tree, `pocker/left-${process.pid}`)
  mkdirSync(group, { recursive: true })
  const child = spawn(plan([foreground(), { name: 'uts', flags: CLONE_NEWUTS }, command({ argv: ['sleep', '600'] })]))
  const left = leftovers(before, snapshot(tmp))
  child.kill('SIGKILL')
  await child.wait()
  call(umount2(tmp, 0))
  rmdirSync(group)
  const later = leftovers(before, snapshot(tmp))
  rmSync(join(tmp, 'file'))
  rmdirSync(tmp)
  assert.equal(left, [`mounts: none ${tmp} tmpfs rw,relatime 0 0`, `cgroups: ${group}`, `processes in namespaces: ${child.pid} sleep`])
  assert.equal(later, ['temporary files: file'])
})

test.run()
