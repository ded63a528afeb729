// A page in the frame that both `course` and `course live` have: a head, as much of the page as fits, news, and the keys.
//
//   framed({ head, page, scroll, news, down, keys }, { columns: 80, rows: 24 })   → the lines, and how far down the page really is
//
// Invariant: pure; at most `rows` lines. News are seen even where more of the page lies below.
import { wrap, type Line, type Style } from './terminal.ts'
import type { Changed } from '../difference.ts'

export interface Size { readonly columns: number; readonly rows: number }

export interface Framed {
  readonly head: string
  readonly page: readonly Line[]
  /** Lines of the page above the first that is shown. */
  readonly scroll: number
  readonly news: string
  /** What brings up that which lies below. */
  readonly down: string
  /** Where there are no news, and nothing lies below. */
  readonly otherwise?: string
  /** `n next  p previous`: two blanks between, one in each. */
  readonly keys: string
}

export function framed(
  { head, page, scroll, news, down, otherwise = '', keys }: Framed, { columns, rows }: Size,
): { lines: Line[]; scroll: number } {
  const body = page.flatMap((line) => (line.whole ? [line] : folded(line, columns)))
  const foot = wrap(keys.replaceAll(/(?<=\S) (?=\S)/g, '\u00a0'), columns)
    .map((text): Line => ({ text: text.replaceAll('\u00a0', ' ').trim(), style: 'dim' }))
  const room = Math.max(1, rows - 3 - foot.length)
  const from = Math.max(0, Math.min(scroll, body.length - room))
  const shown = body.slice(from, from + room)
  const below = body.length - from - shown.length
  const more = below > 0 ? `${below} more ${below === 1 ? 'line' : 'lines'}: ${down}` : otherwise
  const lines: Line[] = [
    { text: head }, { text: '' }, ...shown, ...Array.from({ length: room - shown.length }, (): Line => ({ text: '' })),
    { text: news || more, style: 'warn' }, ...foot,
  ]
  return { lines: lines.slice(-Math.max(1, rows)), scroll: from }
}

const folded = ({ text, style, hang }: Line, columns: number): Line[] =>
  wrap(text, columns, hang).map((part): Line => ({ text: part, ...(style && { style }) }))

const SIGNS: Readonly<Record<Changed['sign'], Style>> = { ' ': 'dim', '-': 'bad', '+': 'good' }
/** Two texts, one against the other. */
export const changedLines = (changes: readonly Changed[]): Line[] =>
  changes.map(({ sign, line }): Line => ({ text: `${sign} ${line}`, style: SIGNS[sign] }))
