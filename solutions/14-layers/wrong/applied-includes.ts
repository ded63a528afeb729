// exercise: applied
// wrong: takes .wh. anywhere in a name for a mark
// score: 9
// says: names with .wh. in them: expected
import {
  AT_FDCWD, because, chdir, chroot, close, mayFail, mkdir, mknod, open, O_CLOEXEC, O_CREAT, O_WRONLY, setAttribute,
  symlinkAt, umask, write, type Isolation, type Syscall,
} from '@pocker/syscalls'

export interface Entry {
  readonly path: string
  readonly type: 'directory' | 'file' | 'symlink'
  readonly mode: number
  readonly content?: string
  readonly target?: string
}

const [PREFIX, OPAQUE] = ['.wh.', '.wh..wh..opq']

export function applied({ directory, entries }: { directory: string; entries: readonly Entry[] }): Isolation {
  return {
    name: 'applied',
    child: [
      because('modes as they are given', umask(0)),
      because('from here on no name leads out, whatever links there are', chroot(directory)), chdir('/'),
      ...entries.flatMap(added),
    ],
  }
}

function added(entry: Entry): Syscall[] {
  const parts = entry.path.split('/')
  const [above, name] = [parts.slice(0, -1), parts.at(-1) ?? '']
  const within = (other: string): string => [...above, other].join('/')
  const parents = above.map((_, i) => mayFail(mkdir(above.slice(0, i + 1).join('/'), 0o755), 'EEXIST'))
  if (name === OPAQUE) return [...parents, setAttribute(above.join('/') || '.', 'user.overlay.opaque', Buffer.from('y'))]
  if (name.includes(PREFIX)) return [...parents, mknod(within(name.slice(PREFIX.length)), 0, 0, 0)]
  return [...parents, ...MAKE[entry.type](entry)]
}

const MAKE: Readonly<Record<Entry['type'], (entry: Entry) => Syscall[]>> = {
  directory: ({ path, mode }) => [mkdir(path, mode)],
  symlink: ({ path, target = '' }) => [symlinkAt(target, AT_FDCWD, path)],
  file: ({ path, mode, content = '' }) => [
    { ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode), as: path },
    write({ resultOf: path }, content), close({ resultOf: path }),
  ],
}
