// The initial RAM disk: the files that the kernel finds before it finds any disk, as a cpio archive.
//
//   archive([{ name: 'init', mode: 0o755, data }])   → the bytes, which QEMU hands to the kernel
//
// Invariant: folders that a name needs are in the archive before it; the kernel makes none by itself.

export interface File { readonly name: string; readonly mode: number; readonly data: Buffer | string }

const [DIRECTORY, REGULAR] = [0o040_000, 0o100_000]

/** A cpio archive in the format `newc`, without compression. @see Documentation/driver-api/early-userspace/buffer-format.rst */
export function archive(files: readonly File[]): Buffer {
  const folders = new Set(files.flatMap(({ name }) => parents(name)))
  return Buffer.concat([
    ...[...folders].map((name, i) => entry(i + 1, name, DIRECTORY | 0o755, '')),
    ...files.map(({ name, mode, data }, i) => entry(folders.size + i + 1, name, REGULAR | mode, data)),
    entry(0, 'TRAILER!!!', 0, ''),
  ])
}

/** `a/b/c` → `a`, `a/b` */
const parents = (name: string): string[] =>
  name.split('/').slice(0, -1).map((_, i, words) => words.slice(0, i + 1).join('/'))

function entry(inode: number, name: string, mode: number, data: Buffer | string): Buffer {
  const [path, bytes] = [Buffer.from(`${name}\0`), Buffer.from(data)]
  //               ino    mode  uid gid links mtime size       device  rdevice  name size    checksum
  const numbers = [inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, path.length, 0]
  const header = Buffer.from(`070701${numbers.map((n) => n.toString(16).padStart(8, '0')).join('')}`)
  return Buffer.concat([padded(Buffer.concat([header, path])), padded(bytes)])
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
