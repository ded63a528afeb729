// The runtime so far, for everybody: root is a user like any other, with a user namespace if need be.
//   npx tsx chapters/06-user/pocker.ts run ./rootfs /bin/id
//   USERNS=auto npx tsx chapters/06-user/pocker.ts explain ./rootfs /bin/id
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { borrow, choose, parseUserns, surroundings, user } from '@pocker/user'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const { spec } = choose(process.env['USERNS'] ? { mode: parseUserns(process.env['USERNS']) } : {}, surroundings())
  const list = [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })]
  const own = { pid: true, net: false, ipc: true }
  const container = plan([
    ...(spec ? [user(spec)] : []), foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }),
    mounts({ root: { path }, ...(spec ? borrow(list, own) : { mounts: list }) }),
    command({ argv }),
  ])
  switch (verb) {
    case 'run': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
