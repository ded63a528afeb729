// Entries as lines of JSON, from one process to another.
//
//   toJson(entry)      → '{"path":"etc/passwd",…,"mtime":"1000000000","xattrs":{"user.note":"76"}}'
//   fromJson(line)     → the entry
//
// Invariant: fromJson(toJson(entry)) is the entry.
import type { Entry } from '../tar/entry.ts'

export const toJson = (entry: Entry): string => JSON.stringify({
  ...entry, mtime: String(entry.mtime),
  xattrs: Object.fromEntries(Object.entries(entry.xattrs).map(([name, value]) => [name, value.toString('hex')])),
})

type Written = Omit<Entry, 'mtime' | 'xattrs'> & { readonly mtime: string; readonly xattrs: Readonly<Record<string, string>> }

export function fromJson(line: string): Entry {
  const { mtime, xattrs, ...rest } = JSON.parse(line) as Written
  return {
    ...rest, mtime: BigInt(mtime),
    xattrs: Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value, 'hex')])),
  }
}
