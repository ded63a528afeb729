// The runtime so far: users, names, process numbers, mounts, IPC, and a network of its own.
//   npx tsx chapters/07-net/pocker.ts run ./rootfs /bin/ip address
//   NETWORK=container:42 npx tsx chapters/07-net/pocker.ts run ./rootfs /bin/ip address
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net, parseNetwork } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { borrow, choose, surroundings, user } from '@pocker/user'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const mode = parseNetwork(process.env['NETWORK'])
  const { spec } = choose({}, surroundings())
  const list = [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })]
  const own = { pid: true, net: mode === 'none', ipc: true }
  const container = plan([
    ...(spec ? [user(spec)] : []), foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }),
    net({ mode }), mounts({ root: { path }, ...(spec ? borrow(list, own) : { mounts: list }) }),
    command({ argv }),
  ])
  switch (verb) {
    case 'run': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
