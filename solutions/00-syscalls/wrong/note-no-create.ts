// exercise: note
// wrong: opens the file for writing, and does not make it
// score: 3
// says: ENOENT
import type { Isolation } from '@pocker/syscalls'

const AT_FDCWD = -100
const O_WRONLY = 1

export function note(path: string, text: string): Isolation {
  return {
    name: 'note',
    child: [
      { call: 'openat', args: [AT_FDCWD, path, O_WRONLY, 0], as: 'file' },
      { call: 'write', args: [{ resultOf: 'file' }, text, Buffer.byteLength(text)] },
      { call: 'close', args: [{ resultOf: 'file' }] },
    ],
  }
}
