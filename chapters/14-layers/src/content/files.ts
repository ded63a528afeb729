// Files that are whole, or not there.
//
//   writeWhole('/…/layer.json', text)   → written under another name, on the disk, and renamed
//
// Invariant: whoever reads the file while it is written, or after a crash, finds the old text or the new one.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export function writeWhole(file: string, text: string | Uint8Array, mode = 0o644): void {
  const fresh = `${file}.${process.pid}.new`
  try {
    const fd = openSync(fresh, 'w', mode)
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, file)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
  syncDirectory(dirname(file))
}

/** A rename is on the disk when the directory is. @see fsync(2) */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
