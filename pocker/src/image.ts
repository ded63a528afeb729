// Where root file systems come from: a path, or busybox, which is made here.
//
//   findImage('busybox', owner)   → { path: '/var/lib/pocker/rootfs/busybox', builtIn: true, command: ['sh'] }
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { busyboxRootfs, checkRootfs, type Owner } from '@pocker/chroot'
import { SpecError } from '@pocker/syscalls'
import { say } from './errors.ts'

/** Where pocker keeps what outlives a container. An ordinary user has a place of his own. @see XDG Base Directory Specification */
export function pockerRoot(): string {
  const { POCKER_ROOT, XDG_DATA_HOME } = process.env
  if (POCKER_ROOT) return POCKER_ROOT
  return process.geteuid?.() === 0 ? '/var/lib/pocker' : join(XDG_DATA_HOME || join(homedir(), '.local/share'), 'pocker')
}

/** A root file system by name or path, and the program that runs if none is given. */
export interface Image {
  readonly path: string
  readonly builtIn: boolean
  readonly command: readonly string[]
  /** Whose the files of a built-in one are, if not the caller's: root of a user namespace, as it is called outside. */
  readonly owner?: Owner
}

/** @throws {SpecError} if the name is neither a path nor an image that can be made here */
export function findImage(name: string, owner?: Owner): Image {
  if (/^\.{0,2}\//.test(name)) return { path: resolve(name), builtIn: false, command: [] }
  if (name === 'busybox' || name === 'busybox:latest') {
    const own = owner ? `${owner.uid}.${owner.gid}` : '' // a set of its own for each owner, as Docker has it
    return { path: join(pockerRoot(), own, 'rootfs/busybox'), builtIn: true, command: ['sh'], ...(owner && { owner }) }
  }
  throw new SpecError(`image: expected busybox, or the path of an unpacked root file system such as ./rootfs, got ${name}`)
}

/** Makes the root file system of a built-in image if it is not there yet. */
export async function ensureRootfs({ path, builtIn, owner }: Image, name: string): Promise<void> {
  if (builtIn) {
    const { made, source } = await busyboxRootfs(path, owner)
    if (made) say(`${name}: not here yet, and no registry to ask: made from Debian's package ${source}`)
  }
  checkRootfs(path)
}
