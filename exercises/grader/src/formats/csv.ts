// The gradebook as a table, RFC 4180, for a spreadsheet that must take no name for a formula.
//
//   csv(book)   → "name","earned","points","not judged","02-uts/hostname",…
import type { Gradebook } from '../book.ts'

/** One exercise that not all rows have leaves a cell empty. */
export function csv({ rows }: Gradebook): string {
  const ids = [...new Set(rows.flatMap(({ exercises }) => Object.keys(exercises)))].toSorted()
  const table = [
    ['name', 'earned', 'points', 'not judged', ...ids],
    ...rows.map(({ name, earned, points, unjudged, exercises }) =>
      [name, earned, points, unjudged, ...ids.map((id) => exercises[id] ?? '')]),
  ]
  return table.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** What begins like a formula gets an apostrophe, which spreadsheets do not show. @see OWASP, CSV Injection */
const cell = (value: string | number): string => (typeof value === 'number'
  ? String(value)
  : `"${value.replace(/^(?=[=+\-@\t\r\n])|^(?=\s+[=+\-@])/, "'").replaceAll('"', '""')}"`)
