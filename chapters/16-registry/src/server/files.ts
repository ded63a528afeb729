// Files of the registry that are there whole, or not at all.
//
//   writeWhole('…/_tags/latest', 'sha256:…')     move('…/_uploads/1234', '…/blobs/sha256/abcd')
//
// Invariant: what has its name has its bytes on the disk, even if the machine loses power in the next moment.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { syncDirectory } from '@pocker/layers'

/** No repository, tag, digest or upload begins so. */
const TEMPORARY = '.new-'

export function writeWhole(file: string, bytes: string | Uint8Array): void {
  makeDirectory(dirname(file))
  const temporary = join(dirname(file), `${TEMPORARY}${randomUUID()}`)
  try {
    writeFileSync(temporary, bytes, { flush: true })
    move(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Of a file whose bytes are on the disk already. */
export function move(from: string, to: string): void {
  makeDirectory(dirname(to))
  renameSync(from, to)
  syncDirectory(dirname(to))
}

export function remove(file: string): void {
  rmSync(file, { force: true })
  if (existsSync(dirname(file))) syncDirectory(dirname(file))
}

/** @returns undefined if it is not there */
export const readWhole = (file: string): Buffer | undefined => ifThere(() => readFileSync(file))

export const namesIn = (directory: string): string[] =>
  (ifThere(() => readdirSync(directory)) ?? []).filter((name) => !name.startsWith(TEMPORARY)).toSorted()

function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made))
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
