// exercise: copied
// wrong: mends nothing
// score: 0
// says: ENOENT
import type { Isolation } from '@pocker/syscalls'

const AT_FDCWD = -100
const [O_RDONLY, O_WRONLY] = [0, 1]

export function copied(from: string, to: string): Isolation {
  return {
    name: 'copied',
    before: [
      { call: 'openat', args: [AT_FDCWD, from, O_RDONLY, 0], as: 'from', mayFail: true },
      { call: 'openat', args: [AT_FDCWD, to, O_WRONLY, 0], as: 'to' },
      { call: 'sendfile', args: [{ resultOf: 'to' }, { resultOf: 'from' }, null, 4096], mayFail: true },
      { call: 'close', args: [{ resultOf: 'from' }], mayFail: true },
    ],
  }
}
