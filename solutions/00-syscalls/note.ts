// A text in a file, by three system calls.
import type { Isolation } from '@pocker/syscalls'

const AT_FDCWD = -100
const [O_WRONLY, O_CREAT] = [1, 0o100]

export function note(path: string, text: string): Isolation {
  return {
    name: 'note',
    child: [
      { call: 'openat', args: [AT_FDCWD, path, O_WRONLY | O_CREAT, 0o644], as: 'file' },
      { call: 'write', args: [{ resultOf: 'file' }, text, Buffer.byteLength(text)] },
      { call: 'close', args: [{ resultOf: 'file' }] },
    ],
  }
}
