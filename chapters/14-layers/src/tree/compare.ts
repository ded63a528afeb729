// Two trees, told apart: what the second has that the first has not, has otherwise, or has no more.
//
//   for (const change of compare(before, after)) …   → { kind: 'added' | 'changed' | 'gone', path: 'etc/motd' }
//
// Where overlayfs keeps a container's changes apart, nobody need ask; a copy has to be compared.
// Invariant: pure. Both are in the order of walk(); so is what comes out.
import { encodeName } from '@pocker/syscalls'
import type { Entry } from '../tar/entry.ts'

export interface Change { readonly kind: 'added' | 'changed' | 'gone'; readonly path: string }

/** By path, without a slash at the end. */
export type Listing = ReadonlyMap<string, Entry>

export function compare(before: Listing, after: Listing): Change[] {
  const here = [...after].flatMap(([path, entry]): Change[] => {
    const old = before.get(path)
    if (!old) return [{ kind: 'added', path }]
    return isSame(old, entry) ? [] : [{ kind: 'changed', path }]
  })
  const isThere = (path: string): boolean => path === '' || after.get(path)?.type === 'directory'
  const gone = [...before.keys()].filter((path) => !after.has(path) && isThere(parentOf(path)))
  return [...here, ...gone.map((path): Change => ({ kind: 'gone', path }))].toSorted((a, b) => inOrder(a.path, b.path))
}

/** The root is the parent of all that have no other. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** A directory's time changes with every file that comes or goes; that is no change of its own. */
function isSame(a: Entry, b: Entry): boolean {
  const fields = ['type', 'mode', 'uid', 'gid', 'size', 'target', 'major', 'minor'] as const
  return fields.every((name) => a[name] === b[name]) && (a.type === 'directory' || a.mtime === b.mtime)
    && JSON.stringify(a.xattrs) === JSON.stringify(b.xattrs)
}

/** As walk() goes: name by name. */
function inOrder(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = Buffer.compare(encodeName(left[i] ?? ''), encodeName(right[i] ?? ''))
    if (order !== 0) return order
  }
  return left.length - right.length
}
