// What the terminal of `course live` shows: a pure function.
//
//   livePage(state)                           → the lines of the page
//   frameOf(state, livePage(state), 80, 24)   → what fits, and how far down the page really is
import type { ExerciseResult } from '@pocker/grader'
import type { Changed } from '../difference.ts'
import { bodyOf, verdictLines } from '../watch/view.ts'
import type { Line, Style } from '../watch/terminal.ts'
import type { Step } from './steps.ts'

export type LivePage = 'step' | 'diff' | 'check' | 'notes'

export interface LiveState {
  readonly name: string
  readonly steps: readonly Step[]
  readonly at: number
  readonly page: LivePage
  readonly scroll: number
  /** Since the step before; on the page `diff`, from the file to the step. */
  readonly changes: readonly Changed[]
  readonly result: ExerciseResult | undefined
  readonly grading: boolean
  readonly notice: string
}

const KEYS = 'n next  b back  d diff  c check  s notes  r reset  x starter  q quit'
const SIGNS: Readonly<Record<Changed['sign'], Style>> = { ' ': 'dim', '-': 'bad', '+': 'good' }

export function livePage({ steps, at, page, changes, result, grading }: LiveState): Line[] {
  if (page === 'notes') return notes(steps, at)
  if (page === 'check') return result ? verdictLines(result) : [{ text: grading ? 'Grading …' : 'Not graded.', style: 'dim' }]
  const code = changes.map(({ sign, line }): Line => ({ text: `${sign} ${line}`, style: SIGNS[sign] }))
  if (page === 'diff') {
    const same = changes.every(({ sign }) => sign === ' ')
    return [{ text: same ? 'The file is this step.' : '- what is typed  + the step', style: 'bold' }, { text: '' }, ...code]
  }
  return [...said(steps[at]), { text: '' }, ...code]
}

const said = (step: Step | undefined): Line[] => (step?.why ?? []).map((text) => ({ text, style: 'bold', hang: 2 }))

/** All that is to be said, the present step marked. */
const notes = (steps: readonly Step[], at: number): Line[] => steps.flatMap(({ why }, i) => why.map((text, line): Line => ({
  text: `${line > 0 ? '    ' : `${i === at ? '>' : ' '} ${i}.`} ${text}`, hang: 5, ...(i === at && { style: 'bold' }),
})))

export function frameOf(
  { name, steps, at, grading, scroll, notice }: LiveState, page: readonly Line[], columns: number, rows: number,
): { lines: Line[]; scroll: number } {
  const body = bodyOf(page, columns)
  const room = Math.max(1, rows - 4)
  const from = Math.max(0, Math.min(scroll, body.length - room))
  const shown = body.slice(from, from + room)
  const below = body.length - from - shown.length
  const next = steps[at + 1]?.why[0]
  const hint = below > 0 ? `${below} more lines: arrow down` : next === undefined ? '' : `next: ${next}`
  const news = notice || (grading ? 'grading …' : hint)
  const lines = [
    { text: `${name}  step ${at} of ${steps.length - 1}` }, { text: '' }, ...shown,
    ...Array.from({ length: room - shown.length }, (): Line => ({ text: '' })),
    { text: news, style: 'warn' as const }, { text: KEYS, style: 'dim' as const },
  ]
  return { lines: lines.slice(-Math.max(1, rows)), scroll: from }
}
