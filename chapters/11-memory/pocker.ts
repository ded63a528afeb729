// The runtime so far: a container in a group of its own, with a limit of memory.
//   MEMORY=32m npx tsx chapters/11-memory/pocker.ts run ./rootfs /bin/sh
//   MEMORY=32m MEMORY_SWAP=-1 OOM_SCORE_ADJ=500 npx tsx chapters/11-memory/pocker.ts explain ./rootfs /bin/sh
import { cgroup, findTree, prepare, remove } from '@pocker/cgroup'
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts } from '@pocker/ipc'
import { memory, oomKills, oomScore, parseMemory } from '@pocker/memory'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const { MEMORY, MEMORY_SWAP, OOM_SCORE_ADJ } = process.env
  const spec = parseMemory({ ...(MEMORY && { memory: MEMORY }), ...(MEMORY_SWAP && { memorySwap: MEMORY_SWAP }) })
  const group = { tree: findTree(), path: `/pocker/${process.pid}` }
  const container = plan([
    cgroup(group, { namespace: 'private', removedBy: 'caller' }), memory(group, spec),
    ...(OOM_SCORE_ADJ ? [oomScore(Number(OOM_SCORE_ADJ))] : []),
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
  try {
    return await runForeground(container)
  } finally {
    if (oomKills(group) > 0) console.error(`pocker: out of memory: the kernel killed ${oomKills(group)}`)
    await remove(group)
  }
})
