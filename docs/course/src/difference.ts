// Two texts, line by line.
//
//   difference('a\nb', 'a\nc')   → [{ sign: ' ', line: 'a' }, { sign: '-', line: 'b' }, { sign: '+', line: 'c' }]
//
// Invariant: pure; the lines without `+` are the first text, those without `-` the second.
export interface Changed { readonly sign: ' ' | '-' | '+'; readonly line: string }

/** By the longest common subsequence: the files are short. */
export function difference(before: string, after: string): Changed[] {
  const [a, b] = [lines(before), lines(after)]
  const length = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  const at = (i: number, j: number): number => length[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      (length[i] as Uint32Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const changes: Changed[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [old, now] = [a[i], b[j]]
    if (old !== undefined && old === now) changes.push({ sign: ' ', line: old })
    else if (now === undefined || (old !== undefined && at(i + 1, j) >= at(i, j + 1))) changes.push({ sign: '-', line: old ?? '' })
    else changes.push({ sign: '+', line: now })
    const { sign } = changes.at(-1) as Changed
    if (sign !== '+') i++
    if (sign !== '-') j++
  }
  return changes
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
