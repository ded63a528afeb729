// exercise: copied
// wrong: takes a million bytes for a MiB
// score: 5
// says: is the file cut off?
import type { Isolation } from '@pocker/syscalls'

const AT_FDCWD = -100
const [O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC] = [0, 1, 0o100, 0o1000]
const MOST = 1_000_000

/** @param from a file of at most 1 MiB */
export function copied(from: string, to: string): Isolation {
  return {
    name: 'copied',
    before: [
      { call: 'openat', args: [AT_FDCWD, from, O_RDONLY, 0], as: 'from' },
      { call: 'openat', args: [AT_FDCWD, to, O_WRONLY | O_CREAT | O_TRUNC, 0o644], as: 'to' },
      { call: 'sendfile', args: [{ resultOf: 'to' }, { resultOf: 'from' }, null, MOST] },
      { call: 'close', args: [{ resultOf: 'from' }] },
      { call: 'close', args: [{ resultOf: 'to' }] },
    ],
  }
}
