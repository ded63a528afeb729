// The runtime so far: all of the earlier chapters, and a cgroup of its own.
//   npx tsx chapters/09-cgroup/pocker.ts run ./rootfs /bin/cat /proc/self/cgroup
//   PIDS=16 npx tsx chapters/09-cgroup/pocker.ts run ./rootfs /bin/sh
import { cgroup, findTree, pids, prepare, remove } from '@pocker/cgroup'
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const group = { tree: findTree(), path: `/pocker/${process.pid}` }
  const container = plan([
    cgroup(group, { namespace: 'private' }), pids(group, Number(process.env['PIDS'] ?? -1)),
    foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }), net({ mode: 'none' }),
    mounts({ root: { path }, mounts: [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })] }), command({ argv }),
  ])
  if (verb === 'explain') {
    console.log(explain(container))
    return 0
  }
  if (verb !== 'run') throw new SpecError(`expected run or explain, got ${verb}`)
  checkRootfs(path)
  prepare(group.tree, '/pocker')
  return runForeground(container).finally(() => remove(group))
})
