// The runtime so far: a root file system, and a host name of its own.
//   npx tsx chapters/02-uts/pocker.ts run ./rootfs /bin/hostname
import { checkRootfs, chroot } from '@pocker/chroot'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const container = plan([foreground(), uts({ hostname: 'box' }), chroot({ path }), command({ argv })])
  switch (verb) {
    case 'run': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
