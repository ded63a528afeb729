// The runtime so far: a container in a group of its own, with a share of the processors.
//   CPUS=0.5 npx tsx chapters/10-cpu/pocker.ts run ./rootfs /bin/sh
//   SHARES=512 CPUSET=0 npx tsx chapters/10-cpu/pocker.ts explain ./rootfs /bin/nproc
import { cgroup, findTree, prepare, remove } from '@pocker/cgroup'
import { checkRootfs } from '@pocker/chroot'
import { cpu, parseCpu, parseList } from '@pocker/cpu'
import { ipc, ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const { CPUS, SHARES, CPUSET } = process.env
  const flags = { ...(CPUS && { cpus: CPUS }), ...(SHARES && { cpuShares: SHARES }), ...(CPUSET && { cpusetCpus: CPUSET }) }
  const tree = findTree()
  const group = { tree, path: `/pocker/${process.pid}` }
  const container = plan([
    cgroup(group, { namespace: 'private' }), cpu(group, parseCpu(flags, parseList('cpus', tree.cpus).length)),
    foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }), net({ mode: 'none' }),
    mounts({ root: { path }, mounts: [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })] }), command({ argv }),
  ])
  if (verb === 'explain') {
    console.log(explain(container))
    return 0
  }
  if (verb !== 'run') throw new SpecError(`expected run or explain, got ${verb}`)
  checkRootfs(path)
  prepare(tree, '/pocker')
  return runForeground(container).finally(() => remove(group))
})
