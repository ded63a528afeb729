// exercise: copied
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/syscalls: write it yourself
import { close, O_CREAT, O_RDONLY, O_WRONLY, open, sendfile, type Isolation } from '@pocker/syscalls'

export function copied(from: string, to: string): Isolation {
  const [source, target] = [{ resultOf: 'from' }, { resultOf: 'to' }]
  return {
    name: 'copied',
    before: [
      { ...open(from, O_RDONLY), as: 'from' }, { ...open(to, O_WRONLY | O_CREAT | 0o1000, 0o644), as: 'to' },
      sendfile(target, source, 1024 * 1024), close(source), close(target),
    ],
  }
}
