// exercise: furnished
// wrong: makes no directories
// score: 5
// says: ENOENT
import {
  because, chdir, chroot, close, O_CLOEXEC, O_CREAT, O_WRONLY, open, write, type Isolation, type Syscall,
} from '@pocker/syscalls'

interface File { readonly path: string; readonly text: string }

/** @param root the path of a directory, which is there */
export function furnished(root: string, files: readonly File[]): Isolation {
  return {
    name: 'furnished',
    child: [because('from here on, no path leads out', chroot(root)), chdir('/'), ...files.flatMap(made)],
  }
}

const made = ({ path, text }: File): Syscall[] => [
  { ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644), as: path },
  write({ resultOf: path }, text),
  close({ resultOf: path }),
]
