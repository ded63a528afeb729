// What the file system of a directory can do for layers: tried, in a process that has a mount table of its own, and ends.
//
//   probe('/var/lib/pocker/layers')   → 'overlay', 'overlay, in a user namespace', or 'files': then layers are copied
//
// Not every one can be overlayfs's upper directory: overlayfs itself cannot, and NFS.
// Invariant: nothing stays, neither a mount nor a directory.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CLONE_NEWNS, mount, MS_PRIVATE, MS_REC, SyscallError, unshare, visit, type Syscall } from '@pocker/syscalls'
import { setAttributes } from '../tree/attributes.ts'
import { OPAQUE_ATTRIBUTE, type Notation } from '../tree/whiteout.ts'
import { overlay } from './overlay.ts'

/** Before any other mount. */
const apart = (): Syscall[] => [unshare(CLONE_NEWNS), mount(null, '/', null, MS_REC | MS_PRIVATE, null)]

export function probe(root: string): Notation {
  const notations = Object.keys(OPAQUE_ATTRIBUTE) as (keyof typeof OPAQUE_ATTRIBUTE)[]
  return notations.find((notation) => works(root, notation)) ?? 'files'
}

function works(root: string, notation: keyof typeof OPAQUE_ATTRIBUTE): boolean {
  const dir = mkdtempSync(join(root, 'probe-'))
  try {
    const [lower, upper, work, target] = ['lower', 'upper', 'work', 'target'].map((name) => {
      mkdirSync(join(dir, name))
      return join(dir, name)
    }) as [string, string, string, string]
    setAttributes(lower, { [OPAQUE_ATTRIBUTE[notation]]: Buffer.from('y') })
    visit([], [...apart(), ...overlay({ names: dir, lowers: ['lower'], upper, work, target, notation })])
    return true
  } catch (error) {
    if (error instanceof SyscallError) return false
    throw error
  } finally {
    rmSync(dir, { recursive: true })
  }
}
