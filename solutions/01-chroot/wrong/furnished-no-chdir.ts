// exercise: furnished
// wrong: forgets the working directory
// score: 5
// says: the working directory is another one than
import {
  because, chroot, close, mayFail, mkdir, O_CLOEXEC, O_CREAT, O_WRONLY, open, write, type Isolation, type Syscall,
} from '@pocker/syscalls'

interface File { readonly path: string; readonly text: string }

/** @param root the path of a directory, which is there */
export function furnished(root: string, files: readonly File[]): Isolation {
  return {
    name: 'furnished',
    child: [because('from here on, no path leads out', chroot(root)), ...files.flatMap(made)],
  }
}

const made = ({ path, text }: File): Syscall[] => [
  ...above(path).map((directory) => mayFail(mkdir(directory, 0o755), 'EEXIST')),
  { ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644), as: path },
  write({ resultOf: path }, text),
  close({ resultOf: path }),
]

/** @returns the directories on the way, from the top down */
const above = (path: string): string[] =>
  path.split('/').slice(1, -1).map((_, i, parts) => `/${parts.slice(0, i + 1).join('/')}`)
