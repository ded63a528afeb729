// The runtime so far: a program in a root file system of its own.
//   npx tsx chapters/01-chroot/pocker.ts rootfs ./rootfs
//   npx tsx chapters/01-chroot/pocker.ts run ./rootfs /bin/sh
import { busyboxRootfs, checkRootfs, chroot, escape } from '@pocker/chroot'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (verb === 'rootfs' && path) {
    const { made, source } = await busyboxRootfs(path)
    console.log(made ? `${path}: made from ${source}` : `${path}: ${source}`)
    return 0
  }
  if (argv.length === 0) throw new SpecError('usage: pocker.ts rootfs DIR, or pocker.ts run|explain|escape ROOTFS PROGRAM [ARG...]')
  const ways = verb === 'escape' ? [chroot({ path }), escape()] : [chroot({ path })]
  const container = plan([foreground(), ...ways, command({ argv })])
  switch (verb) {
    case 'run': case 'escape': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected rootfs, run, explain or escape, got ${verb}`)
  }
})
