// exercise: changes
// wrong: covers each file of a directory that is covered itself
// score: 4
// says: ENOTDIR
import {
  AT_FDCWD, chdir, close, mkdir, mknod, open, O_CLOEXEC, O_CREAT, O_WRONLY, symlinkAt, umask, write, type Isolation,
  type Syscall,
} from '@pocker/syscalls'

export interface Node {
  readonly type: 'directory' | 'file' | 'symlink'
  readonly mode: number
  readonly content?: string
  readonly target?: string
}
export type Listing = Readonly<Record<string, Node>>

export function changes({ directory, before, after }: { directory: string; before: Listing; after: Listing }): Isolation {
  const [old, now] = [before, after].map((listing) => new Map(Object.entries(listing))) as [Map<string, Node>, Map<string, Node>]
  const other = [...now].filter(([path, node]) => !alike(old.get(path), node)).map(([path]) => path)
  const gone = [...old.keys()].filter((path) => !now.has(path))
  const needed = new Set([...other, ...gone].flatMap(withParents))
  return {
    name: 'changes',
    child: [umask(0), chdir(directory), ...[...needed].toSorted().flatMap((path) => made(path, now.get(path)))],
  }
}

const alike = (one: Node | undefined, other: Node): boolean =>
  one?.type === other.type && one.mode === other.mode && one.content === other.content && one.target === other.target

const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/')
const withParents = (path: string): string[] => (path === '' ? [] : [...withParents(parentOf(path)), path])

/** @param node as it is now; without it, it is gone */
function made(path: string, node?: Node): Syscall[] {
  if (!node) return [mknod(path, 0, 0, 0)]
  const { type, mode, content = '', target = '' } = node
  if (type === 'directory') return [mkdir(path, mode)]
  if (type === 'symlink') return [symlinkAt(target, AT_FDCWD, path)]
  const fd = { resultOf: path }
  return [{ ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode), as: path }, write(fd, content), close(fd)]
}
