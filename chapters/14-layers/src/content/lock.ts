// One at a time, among all processes of this machine.
//
//   await locked('/var/lib/pocker/…/lock', async () => …)            → what the body returns; the file is made if it is missing
//   await lockedDirectory('/…/staged', async (fd) => …)               → the same for a directory, which the body may move or remove
//   unlessLocked('/…/staged', () => …)                                → false if somebody holds it: this waits for nobody
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
export const isLocked = (path: string): boolean => attempt(path, (fd) => !taken(fd)) ?? false

/** Waits for nobody. @returns false if it is not there, or somebody holds it: then the body has not run */
export const unlessLocked = (path: string, body: () => void): boolean => attempt(path, (fd) => {
  if (!taken(fd) || !isStill(path, fd)) return false
  body()
  return true
}) ?? false

/** @returns undefined if it is not there */
function attempt<T>(path: string, body: (fd: number) => T): T | undefined {
  let fd = -1
  try {
    fd = openSync(path, constants.O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return body(fd)
  } finally {
    closeSync(fd)
  }
}

async function holding<T>(path: string, open: () => number | undefined, body: (fd: number) => Promise<T> | T): Promise<T> {
  for (;;) {
    const fd = open()
    if (fd === undefined) continue
    try {
      let has = taken(fd)
      // Who moved it away may hold it for as long as a container runs.
      for (let pause = SOON; !has && isStill(path, fd); pause = Math.min(2 * pause, LATER), has = taken(fd)) await setTimeout(pause)
      if (has && isStill(path, fd)) return await body(fd)
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
