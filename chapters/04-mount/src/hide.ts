// Paths that a container must not see, or not write to: parts of /proc and /sys that belong to the whole machine.
//
//   masked(MASKED, held)        → an empty file or directory over each
//   readonly(READ_ONLY, held)   → the same place, read-only
//
// A process that shares the root could move /proc away for a moment, and a path in it would not be found: so it is looked up
// from the mount itself (CVE-2019-19921).
// Invariant: a path that this kernel does not have is passed over; every other error ends the list.
import {
  AT_FDCWD, because, mayFail, MOUNT_ATTR_RDONLY, moveMount, openInRoot, openTree, setMountAttributes, type Syscall,
} from '@pocker/syscalls'
import { filesystem } from './attach.ts'
import { parseOptions } from './options.ts'

/** Docker's list. A slash at the end marks a directory. */
export const MASKED: readonly string[] = [
  '/proc/asound/', '/proc/acpi/', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',
  '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi/', '/sys/firmware/', '/sys/devices/virtual/powercap/',
]
export const READ_ONLY: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

/** A mount that is attached already: where, and the name of its descriptor. */
export interface Held { readonly at: string; readonly as: string }

/** A path, from the last mount that it lies in. */
function find(path: string, held: readonly Held[]): Syscall {
  const mount = path.split('/').includes('..') ? undefined : held.findLast(({ at }) => path.startsWith(`${at}/`))
  return because('if this kernel has it', openInRoot({ resultOf: mount?.as ?? 'root' }, path.slice(mount?.at.length ?? 0)))
}

// region masked
export function masked(paths: readonly string[], held: readonly Held[] = []): Syscall[] {
  return paths.flatMap((path) => {
    const [place, cover] = [`masked ${path}`, `cover ${path}`]
    const directory = path.endsWith('/')
    return [
      { ...mayFail(find(path, held), 'ENOENT'), as: place },
      ...(directory
        ? filesystem(cover, 'tmpfs', 'tmpfs', parseOptions(['ro', 'nosuid', 'nodev', 'noexec', 'size=0', 'nr_inodes=1']))
        : [{ ...openTree(AT_FDCWD, '/dev/null', false), as: cover }]),
      // EBADF: the place is not there, and neither is its descriptor
      mayFail(because('something empty over it', moveMount({ resultOf: cover }, { resultOf: place })), 'EBADF'),
    ]
  })
}
// endregion

// region readonly
export function readonly(paths: readonly string[], held: readonly Held[] = []): Syscall[] {
  return paths.flatMap((path) => {
    const [place, copy] = [`readonly ${path}`, `copy ${path}`]
    return [
      { ...mayFail(find(path, held), 'ENOENT'), as: place },
      { ...mayFail(openTree({ resultOf: place }, '', true), 'EBADF'), as: copy },
      mayFail(because('the same, read-only', setMountAttributes({ resultOf: copy }, { set: MOUNT_ATTR_RDONLY }, true)), 'EBADF'),
      mayFail(moveMount({ resultOf: copy }, { resultOf: place }), 'EBADF'),
    ]
  })
}
// endregion
