// Files that are whole, or not there.
//
//   writeWhole('/…/layer.json', text)   → written under another name, on the disk, and renamed
//   removeTree('/…/staged/gone-…')      → gone, however deep it is
//
// Invariant: whoever reads the file while it is written, or after a crash, finds the old text or the new one.
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

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

/** A path has at most 4096 bytes, and a tree may be deeper: mkdir and chdir make one. Then its directories are brought up first. */
export function removeTree(top: string): void {
  try {
    rmSync(top, { recursive: true, force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error
    const directories = [top]
    for (const directory of directories) {
      for (const entry of readdirSync(directory, { withFileTypes: true, encoding: 'buffer' })) {
        if (!entry.isDirectory()) continue
        const up = join(top, randomUUID())
        renameSync(Buffer.concat([Buffer.from(`${directory}/`), entry.name]), up)
        directories.push(up)
      }
    }
    rmSync(top, { recursive: true })
  }
}
