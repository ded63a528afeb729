// One at a time, among all processes of this machine.
//
//   await locked('/var/lib/pocker/…/lock', async () => …)            → what the body returns; the file is made if it is missing
//   await lockedDirectory('/…/staged', async (fd) => …)               → the same for a directory, which the body may move or remove
//
// A process that is given the descriptor holds it, too, for as long as it lives.
// Invariant: whoever is killed lets go: the kernel does it. Who waited for a directory that went waits for the one in its place.
// @see flock(2)
import { closeSync, constants, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { callAll, LOCK_EX, LOCK_NB, SyscallError } from '@pocker/syscalls'

/** Milliseconds. No thread may wait in the kernel: this one has other work, and libuv's are four. */
const [SOON, LATER] = [5, 100]

export const locked = <T>(file: string, body: () => Promise<T> | T): Promise<T> =>
  holding(file, () => openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600), body)

export const lockedDirectory = <T>(directory: string, body: (fd: number) => Promise<T> | T): Promise<T> =>
  holding(directory, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    try {
      return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // it went again, between the two
      throw error
    }
  }, body)

/** @returns whether somebody holds it now; false if it is not there */
export function isLocked(path: string): boolean {
  let fd = -1
  try {
    fd = openSync(path, constants.O_RDONLY)
    return !taken(fd)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

async function holding<T>(path: string, open: () => number | undefined, body: (fd: number) => Promise<T> | T): Promise<T> {
  for (;;) {
    const fd = open()
    if (fd === undefined) continue
    try {
      for (let pause = SOON; !taken(fd); pause = Math.min(2 * pause, LATER)) await setTimeout(pause)
      if (isStill(path, fd)) return await body(fd)
    } finally {
      closeSync(fd)
    }
  }
}

function taken(fd: number): boolean {
  try {
    callAll([{ call: 'flock', args: [fd, LOCK_EX | LOCK_NB] }])
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EAGAIN') return false
    throw error
  }
}

function isStill(path: string, fd: number): boolean {
  const [now, ours] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)]
  return now?.ino === ours.ino && now.dev === ours.dev
}
