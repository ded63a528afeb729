// The runtime so far: names, process numbers, and a mount table of its own, with a root that nobody climbs out of.
//   npx tsx chapters/04-mount/pocker.ts run ./rootfs /bin/sh
import { checkRootfs } from '@pocker/chroot'
import { mounts } from '@pocker/mount'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const container = plan([
    foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), mounts({ root: { path } }), command({ argv }),
  ])
  switch (verb) {
    case 'run': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
