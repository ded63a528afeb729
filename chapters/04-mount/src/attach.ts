// Attaching a mount inside a root file system that may be hostile.
//
//   target('root', '/a/b', 'directory')   → steps that make what is missing, and hold the place by a descriptor
//   attach('mount', 'place')              → the step that attaches one descriptor to the other
//
// An image can contain a symbolic link where a mount is to go (/proc → /etc of the host), and a process that shares the
// directory can swap one in at any moment (CVE-2021-30465). So no path is resolved outside the root: openat2 walks it within
// the root, and what is made or attached there is made or attached by the descriptor that it gave.
// Invariant: these steps change nothing outside the root, whatever it holds.
import { resolve } from 'node:path'
import {
  AT_FDCWD, because, fsconfig, fscreate, fsmount, fsopen, mayFail, mkdirAt, mkfileAt, moveMount, MS_PRIVATE, openInRoot, openTree,
  setMountAttributes, SpecError, type Fd, type Syscall,
} from '@pocker/syscalls'
import type { Options } from './options.ts'

/** What is to be at the place of a mount: a directory, or a file for a file. */
export type Kind = 'directory' | 'file'

/** @returns the parts of an absolute path. @throws {SpecError} if it is none, or the root itself, however it is written */
export function partsOf(what: string, path: string): string[] {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new SpecError(`${what}: expected an absolute path, got ${JSON.stringify(path)}`)
  }
  if (resolve(path) === '/') throw new SpecError(`${what}: expected a place below /, got ${path}`)
  return path.split('/').filter((part) => part && part !== '.')
}

/**
 * Steps that leave a descriptor of the place under the name `as`. Directories on the way are made if they are missing, each
 * in the one that was just resolved; what is there is kept.
 */
// region target
export function target(as: string, path: string, kind: Kind): Syscall[] {
  const parts = partsOf('mount.destination', path)
  const prefix = (n: number): string => `/${parts.slice(0, n).join('/')}`
  const held = (n: number): string => (n === parts.length ? as : `${as}:${n}`)
  return parts.flatMap((part, i) => {
    const above: Fd = { resultOf: i === 0 ? 'root' : held(i) }
    const last = i === parts.length - 1
    const make = last && kind === 'file' ? mkfileAt(above, part, 0o644) : mkdirAt(above, part, 0o755)
    return [
      ...(part === '..' ? [] : [because('made if it is missing', mayFail(make, 'EEXIST', 'EROFS'))]),
      { ...because('the place, found within the root', openInRoot({ resultOf: 'root' }, prefix(i + 1))), as: held(i + 1) },
    ]
  })
}
// endregion

/** A new file system as a mount that is not attached yet, under the name `as`. */
// region filesystem
export function filesystem(as: string, type: string, source: string, { set, all, propagation, data }: Options): Syscall[] {
  const fs: Fd = { resultOf: `${as}:fs` }
  return [
    { ...fsopen(type), as: `${as}:fs` },
    ...(source ? [fsconfig(fs, 'source', source)] : []),
    ...data.map(([key, value]) => fsconfig(fs, key, value)),
    because('make it', fscreate(fs)),
    { ...fsmount(fs, (set & ~all.clear) | all.set), as }, // nothing is mounted below it: what is for all below is for it
    ...(propagation ? [setMountAttributes({ resultOf: as }, { propagation }, false)] : []),
  ]
}
// endregion

/** A copy of a mount of the host's, not attached yet, with its own attributes, under the name `as`. */
// region bind
export function bind(as: string, source: string, { set, clear, all, propagation, recursive }: Options): Syscall[] {
  const copy: Fd = { resultOf: as }
  return [
    { ...openTree(AT_FDCWD, source, recursive), as },
    because('nothing mounted there later comes in, unless asked for',
      setMountAttributes(copy, { propagation: propagation || MS_PRIVATE }, true)),
    ...(set || clear ? [because('on the copy', setMountAttributes(copy, { set, clear }, false))] : []),
    ...(all.set || all.clear ? [because('on the copy, and on all below it', setMountAttributes(copy, all, true))] : []),
  ]
}
// endregion

/** The last step of each: both ends are descriptors. */
export const attach = (mount: string, place: string): Syscall => moveMount({ resultOf: mount }, { resultOf: place })
