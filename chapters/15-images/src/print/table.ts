// Columns under headings.
//
//   table(['IMAGE ID', 'SIZE'], [['1a2b', '4.27MB']])   → 'IMAGE ID   SIZE\n1a2b       4.27MB\n'
//
// Invariant: a column is 3 blanks wider than what is in it, and 10 wide at least; the last one is as it is.

/** @see https://pkg.go.dev/text/tabwriter, as Docker calls it: a least width of 10, a padding of 3 */
const [LEAST, PADDING] = [10, 3]

export const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  aligned([columns, ...rows].map((cells) => cells.join('\t')).join('\n')) + '\n'

/** Lines of cells with tabs between; a column ends where a line has no such cell. */
export function aligned(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  for (let column = 0; lines.some((cells) => cells.length > column + 1); column++) pad(lines, column)
  return lines.map((cells) => cells.join('')).join('\n')
}

/** Each run of lines that have this column is as wide as the widest of them. */
function pad(lines: string[][], column: number): void {
  const has = (i: number): boolean => (lines[i]?.length ?? 0) > column + 1
  for (let start = 0; start < lines.length; start++) {
    if (!has(start)) continue
    let end = start
    while (has(end)) end++
    const run = lines.slice(start, end)
    const width = Math.max(LEAST, ...run.map((cells) => widthOf(cells[column]) + PADDING))
    for (const cells of run) cells[column] += ' '.repeat(width - widthOf(cells[column]))
    start = end
  }
}

const widthOf = (cell = ''): number => [...cell].length
