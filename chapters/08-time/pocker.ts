// The runtime so far: names, process numbers, mounts, IPC, a network of its own, and clocks that begin elsewhere.
//   BOOTTIME=+30d npx tsx chapters/08-time/pocker.ts run ./rootfs /bin/uptime
//   MONOTONIC=+1h npx tsx chapters/08-time/pocker.ts explain ./rootfs /bin/true
import { readFileSync } from 'node:fs'
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'
import { checkOffsets, clocks, parseOffset, time } from '@pocker/time'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const { BOOTTIME, MONOTONIC } = process.env
  const offsets = {
    ...(BOOTTIME && { boottime: parseOffset('--boottime', BOOTTIME) }),
    ...(MONOTONIC && { monotonic: parseOffset('--monotonic', MONOTONIC) }),
  }
  checkOffsets(offsets, clocks(readFileSync('/proc/uptime', 'utf8')))
  const list = [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })]
  const container = plan([
    foreground(), time({ offsets }), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }),
    net({ mode: 'none' }), mounts({ root: { path }, mounts: list }), command({ argv }),
  ])
  switch (verb) {
    case 'run': checkRootfs(path); return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
