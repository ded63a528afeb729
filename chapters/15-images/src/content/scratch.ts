// Names for what is half-made, which say whose it is.
//
//   scratchName()                          → a name of chapter 03's owner.ts
//   removeDead('/srv/images/ingest')       → takes away what processes left that are no more
//
// Invariant: a name that scratchName() gave is no other's, and is known as nobody's once its process has ended.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isAbandoned, ownedName } from '@pocker/pid'

let count = 0
export const scratchName = (): string => ownedName(++count)

/** Of names that scratchName() gave; others stay. */
export function removeDead(directory: string): void {
  for (const name of namesIn(directory).filter(isAbandoned)) rmSync(join(directory, name), { recursive: true, force: true })
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
