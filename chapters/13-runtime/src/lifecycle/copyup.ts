// tmpcopyup: a tmpfs that begins with what the image has in its place.
//
//   copiedUp(spec, rootfs)   → [{ name: 'copy of /run', fd: 23 }]: mounts that are attached nowhere yet
//
// Invariant: both ends are held by descriptor, and no link of the image is followed: links are copied as they are.
import {
  chmodSync, closeSync, constants, copyFileSync, lchownSync, lstatSync, mkdirSync, readdirSync, readlinkSync, statSync,
  symlinkSync, type Stats,
} from 'node:fs'
import { join } from 'node:path'
import { filesystem, parseOptions } from '@pocker/mount'
import { callAll, MOUNT_ATTR_RDONLY, openInRoot, O_CLOEXEC, O_PATH, open, setMountAttributes, SyscallError } from '@pocker/syscalls'
import type { Spec } from '../spec/schema.ts'

export interface Copy {
  readonly destination: string
  readonly fd: number
}

/** Only once it is filled. */
const READ_ONLY = ['ro', 'rro']

/** Those that would be empty are left to the plan. The caller closes the descriptors. */
export function copiedUp({ mounts = [] }: Spec, rootfs: string): Copy[] {
  return mounts
    .filter(({ type, options }) => type === 'tmpfs' && options?.includes('tmpcopyup'))
    .flatMap(({ destination, source = 'tmpfs', options = [] }) => {
      const from = placeIn(rootfs, destination)
      if (from === undefined) return []
      try {
        if (readdirSync(`/proc/self/fd/${from}`).length === 0) return []
        const { mode } = statSync(`/proc/self/fd/${from}`)
        const words = parseOptions([
          `mode=${(mode & 0o7777).toString(8)}`,
          ...options.filter((word) => !['tmpcopyup', ...READ_ONLY].includes(word)),
        ])
        const fd = Number(callAll(filesystem('copy', 'tmpfs', source, words)).find(({ call }) => call.as === 'copy')?.value)
        copyInto(`/proc/self/fd/${from}`, `/proc/self/fd/${fd}`)
        if (options.some((word) => READ_ONLY.includes(word))) callAll([setMountAttributes(fd, { set: MOUNT_ATTR_RDONLY }, false)])
        return [{ destination, fd }]
      } finally {
        closeSync(from)
      }
    })
}

function placeIn(rootfs: string, path: string): number | undefined {
  const root = Number(callAll([open(rootfs, O_PATH | O_CLOEXEC)])[0]?.value)
  try {
    const place = Number(callAll([openInRoot(root, path)])[0]?.value)
    return lstatSync(`/proc/self/fd/${place}/.`, { throwIfNoEntry: false })?.isDirectory() ? place : void closeSync(place)
  } catch (error) {
    if (error instanceof SyscallError && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code)) return undefined
    throw error
  } finally {
    closeSync(root)
  }
}

function copyInto(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)]
    const found = lstatSync(source)
    if (copyOne(source, target, found)) lchownSync(target, found.uid, found.gid)
    if (!found.isSymbolicLink() && (found.isDirectory() || found.isFile())) chmodSync(target, found.mode & 0o7777)
  }
}

/** @returns whether it is something that is copied: sockets and devices are not */
function copyOne(source: string, target: string, found: Stats): boolean {
  if (found.isDirectory()) {
    mkdirSync(target)
    copyInto(source, target)
  } else if (found.isSymbolicLink()) {
    symlinkSync(readlinkSync(source), target)
  } else if (found.isFile()) {
    copyFileSync(source, target, constants.COPYFILE_FICLONE)
  } else {
    return false
  }
  return true
}
