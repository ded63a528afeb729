// The runtime so far: names, process numbers, mounts, and shared memory and message queues of its own.
//   npx tsx chapters/05-ipc/pocker.ts run ./rootfs /bin/ipcs
//   IPC=host SHM_SIZE=1g npx tsx chapters/05-ipc/pocker.ts run ./rootfs /bin/df /dev/shm
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts, joinedShm, parseIpcMode, parseSize } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const spec = { mode: parseIpcMode(process.env['IPC']), shmSize: parseSize(process.env['SHM_SIZE'] ?? '64m') }
  const container = plan([
    foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc(spec),
    mounts({ root: { path }, mounts: [...DEFAULT_MOUNTS, ...ipcMounts(spec)] }), joinedShm(spec), command({ argv }),
  ])
  switch (verb) {
    case 'run': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
