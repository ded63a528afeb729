// Files of the registry that are there whole, or not at all.
//
//   writeWhole('…/_tags/latest', 'sha256:…')     move('…/_uploads/1234', '…/blobs/sha256/abcd')
//
// Invariant: what has its name has its bytes on the disk, even if the machine loses power in the next moment.
import { randomUUID } from 'node:crypto'
import {
  existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync,
} from 'node:fs'
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

/** Makes it young. @returns its size; undefined if it is not there */
export const touch = (file: string): number | undefined => ifThere(() => {
  utimesSync(file, new Date(), new Date())
  return statSync(file).size
})

/**
 * Takes it away if it is old. It is looked at once more under another name: there, nobody can make it young behind our back.
 * @param before milliseconds of the epoch
 * @returns its size; undefined if it stays
 */
export function removeOld(file: string, before: number): number | undefined {
  const isOld = (name: string): boolean => (statSync(name, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) <= before
  if (!isOld(file)) return undefined
  const [aside, { size }] = [join(dirname(file), `${TEMPORARY}${randomUUID()}`), statSync(file)]
  renameSync(file, aside)
  if (!isOld(aside)) return void move(aside, file)
  rmSync(aside)
  return size
}

/** @returns undefined if it is not there */
export const readWhole = (file: string): Buffer | undefined => ifThere(() => readFileSync(file))

export const namesIn = (directory: string): string[] =>
  (ifThere(() => readdirSync(directory)) ?? []).filter((name) => !name.startsWith(TEMPORARY)).toSorted()

/** What somebody was about to write, or to remove, when he was killed. */
export const halfMadeIn = (directory: string): string[] =>
  (ifThere(() => readdirSync(directory)) ?? []).filter((name) => name.startsWith(TEMPORARY)).map((name) => join(directory, name))

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
