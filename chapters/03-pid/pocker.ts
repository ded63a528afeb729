// The runtime so far: a root file system, a host name, and process numbers of its own.
//   npx tsx chapters/03-pid/pocker.ts run ./rootfs ps
//   npx tsx chapters/03-pid/pocker.ts init ./rootfs sleep 100
import { checkRootfs, chroot } from '@pocker/chroot'
import { findInit, init, pid, proc } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|init|explain ROOTFS PROGRAM [ARG...]')
  const { privately, mounted } = proc()
  const reaper = verb === 'init' ? init(findInit()) : undefined
  const container = plan([
    foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), privately, ...(reaper ? [reaper.held] : []),
    chroot({ path }), mounted, command({ argv, ...(reaper && { execute: reaper.execute }) }),
  ])
  switch (verb) {
    case 'run': case 'init': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run, init or explain, got ${verb}`)
  }
})
