// Subordinate ids: which ids, besides his own, a user may give to his containers. /etc/subuid and /etc/subgid say so.
//
//   subordinate('alice:100000:65536\n', { name: 'alice', id: 1000 })   → [{ start: 100000, size: 65536 }]
//   rootlessMap(1000, ranges)   → 0 is 1000, and 1, 2, … are 100000, 100001, …
//
// Invariant: pure. Nobody's ids are guessed: what the file does not say is not his.
import { IDS, type IdMapping } from './user.ts'

export interface Range { readonly start: number; readonly size: number }
/** Who asks. A line may begin with either. */
export interface Owner { readonly name: string; readonly id: number }

/** Where distributions begin. @see login.defs(5), SUB_UID_MIN */
const FIRST = 100_000

/**
 * @param file the text of /etc/subuid or /etc/subgid; lines that are none are passed over, and ranges that hold an id again
 *   which is in an earlier one, or is the owner's
 * @param own the id that he has already: of his group, if the file is /etc/subgid
 * @see subuid(5)
 */
// region subordinate
export function subordinate(file: string, { name, id }: Owner, own = id): Range[] {
  const his = lines(file).filter(({ owner }) => owner === name || owner === String(id))
  const taken: Range[] = [{ start: own, size: 1 }]
  return his.filter((range) => !taken.some((one) => overlap(one, range)) && taken.push(range) > 0)
    .map(({ start, size }) => ({ start, size }))
}

const overlap = (a: Range, b: Range): boolean => a.start < b.start + b.size && b.start < a.start + a.size

function lines(file: string): (Range & { owner: string })[] {
  return file.split('\n').flatMap((line) => {
    const [, owner = '', ...numbers] = /^\s*([^:]+):(\d+):(\d+)\s*$/.exec(line) ?? []
    const [start = 0, size = 0] = numbers.map(Number)
    return size > 0 && start + size <= IDS ? [{ owner, start, size }] : []
  })
}
// endregion

/** @returns the first id above all ranges of the file */
export const endOf = (file: string): number => Math.max(FIRST, ...lines(file).map(({ start, size }) => start + size))

/** @returns root inside is `own` outside; the ids above it are the ranges, one behind the other */
// region rootlessMap
export function rootlessMap(own: number, ranges: readonly Range[]): IdMapping[] {
  return [{ containerID: 0, hostID: own, size: 1 }, ...mapFrom(1, ranges)]
}
// endregion

/** @returns the ids from `first` on are the ranges, one behind the other */
export function mapFrom(first: number, ranges: readonly Range[]): IdMapping[] {
  return ranges.map(({ start, size }, i) => {
    const before = ranges.slice(0, i).reduce((sum, range) => sum + range.size, 0)
    return { containerID: first + before, hostID: start, size }
  })
}
