// The runtime so far: who the program is, what it may do, and which system calls it may make.
//   USER_=nobody CAP_DROP=ALL CAP_ADD=CHOWN,KILL npx tsx chapters/12-privileges/pocker.ts run ./rootfs /bin/sh
//   NNP=1 SECCOMP=profile.json ULIMIT=nofile=64 npx tsx chapters/12-privileges/pocker.ts explain ./rootfs /bin/sh
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { checkRootfs } from '@pocker/chroot'
import { ipc, ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import * as own from '@pocker/privileges'
import { command, explain, foreground, machine, main, noNewPrivileges, plan, runForeground, SpecError } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

await main('pocker', async () => {
  const [verb, path = '', ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain ROOTFS PROGRAM [ARG...]')
  const { PRIVILEGED, USER_ = '', NNP, SECCOMP = PRIVILEGED ? 'unconfined' : '' } = process.env
  const words = (name: string): string[] => process.env[name]?.split(',') ?? []
  checkRootfs(path)
  const wish = { add: words('CAP_ADD'), drop: words('CAP_DROP'), privileged: PRIVILEGED !== undefined }
  const kept = own.resolve(wish, own.boundingSet(readFileSync('/proc/self/status', 'utf8')))
  const { bounded, set } = own.capabilities(own.same(kept))
  const rules = (): unknown => (SECCOMP ? own.parseJson(SECCOMP, readFileSync(SECCOMP, 'utf8')) : own.DEFAULT_PROFILE)
  const host = { machine: machine(), capabilities: kept, kernel: release() }
  const profile = SECCOMP === 'unconfined' ? undefined : own.parseProfile(rules(), host)
  const bare = { name: 'seccomp', child: NNP ? [noNewPrivileges()] : [] }
  const [filter, program] = [profile ? own.seccomp({ profile, noNewPrivileges: Boolean(NNP) }) : bare, command({ argv })]
  const list = [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })]
  const container = plan([
    uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }), net({ mode: 'none' }),
    mounts({ root: { path }, mounts: list, ...(PRIVILEGED && { maskedPaths: [], readonlyPaths: [] }) }),
    own.rlimits(words('ULIMIT').map(own.parseUlimit)), ...(NNP ? [] : [filter]), bounded,
    own.identity(own.resolveUser(USER_, own.accountFiles(path))), set, foreground(), NNP ? own.filtered(program, filter) : program,
  ])
  if (verb === 'run') return runForeground(container)
  console.log(explain(container))
  return 0
})
