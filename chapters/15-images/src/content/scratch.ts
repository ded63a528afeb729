// Names for what is half-made, which say whose it is.
//
//   scratchName()                          → '4711.982134.1': process, moment of its birth, number
//   removeDead('/srv/images/ingest')       → takes away what processes left that are no more
//
// Invariant: a name that scratchName() gave is no other's, and is known as nobody's once its process has ended: the number of
// a process comes again, the number with the moment of its birth does not.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

let count = 0
export const scratchName = (): string => `${process.pid}.${birthOf(process.pid)}.${++count}`

/** @returns in ticks since boot; undefined if there is no such process. @see proc(5), /proc/pid/stat, (22) */
function birthOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19]
  } catch {
    return undefined
  }
}

const SCRATCH = /^(\d+)\.(\d+)\.\d+$/

function isOfTheLiving(name: string): boolean {
  const [, pid, birth] = SCRATCH.exec(name) ?? []
  return pid !== undefined && birthOf(Number(pid)) === birth
}

/** Of names that scratchName() gave; others stay. */
export function removeDead(directory: string): void {
  for (const name of namesIn(directory)) {
    if (SCRATCH.test(name) && !isOfTheLiving(name)) rmSync(join(directory, name), { recursive: true, force: true })
  }
}

/** @returns nothing if the directory is not there */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
