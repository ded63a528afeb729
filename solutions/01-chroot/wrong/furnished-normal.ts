// exercise: furnished
// wrong: takes .. out of the paths, and follows the links
// score: 4
// says: the machine's file was written
import {
  chdir, chroot, close, mayFail, mkdir, O_CLOEXEC, O_CREAT, O_WRONLY, open, write, type Isolation, type Syscall,
} from '@pocker/syscalls'

interface File { readonly path: string; readonly text: string }

/** @param root the path of a directory, which is there */
export function furnished(root: string, files: readonly File[]): Isolation {
  return {
    name: 'furnished',
    child: [
      ...files.flatMap(({ path, text }) => made({ path: root + normal(path), text })),
      chroot(root), chdir('/'),
    ],
  }
}

const normal = (path: string): string => {
  const parts: string[] = []
  for (const part of path.split('/').slice(1)) {
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
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
