// Where the grader keeps what it makes once: a root file system, and an empty directory to mount a box on.
//
//   await places()   → { rootfs: '/var/cache/pocker/grader/rootfs', empty: '/var/cache/pocker/grader/empty' }
//
// Invariant: every directory on the way can be entered by any user, since the sandbox's root is nobody outside of it.
import { chmodSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { busyboxRootfs } from '@pocker/chroot'
import { Lacks } from './verdict.ts'

export interface Places { readonly rootfs: string; readonly empty: string }

export const privileged = (): boolean => process.geteuid?.() === 0

/** @throws {Lacks} if there is no busybox to be had, or no right to make devices */
export async function places(): Promise<Places> {
  const cache = cacheDirectory()
  const empty = join(cache, 'empty')
  try {
    mkdirSync(empty, { recursive: true })
    for (const dir of [dirname(cache), cache, empty]) chmodSync(dir, 0o755)
    const { path } = await busyboxRootfs(join(cache, 'rootfs'))
    return { rootfs: path, empty }
  } catch (error) {
    throw new Lacks(`this machine can make no box, for want of a root file system: ${(error as Error).message}`, { cause: error })
  }
}

function cacheDirectory(): string {
  const { POCKER_ROOT: root, XDG_CACHE_HOME: own = join(homedir(), '.cache') } = process.env
  if (root) return join(root, 'grader')
  return join(privileged() ? '/var/cache' : own, 'pocker/grader')
}
