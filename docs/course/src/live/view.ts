// What the terminal of `course live` shows: a pure function.
//
//   liveFrame(state, { columns: 80, rows: 24 })   → what fits of its page, and how far down that is
import type { ExerciseResult } from '@pocker/grader'
import type { Changed } from '../difference.ts'
import { changedLines, framed, type Size } from '../watch/frame.ts'
import { verdictLines } from '../watch/view.ts'
import type { Line } from '../watch/terminal.ts'
import type { Step } from './steps.ts'

export type LivePage = 'step' | 'diff' | 'check' | 'kernel' | 'notes'

export interface LiveState {
  readonly name: string
  readonly steps: readonly Step[]
  readonly at: number
  readonly page: LivePage
  readonly scroll: number
  /** Since the step before; on the page `diff`, from the file to the step; on `kernel`, of what the kernel says. */
  readonly changes: readonly Changed[]
  readonly result: ExerciseResult | undefined
  readonly grading: boolean
  readonly notice: string
}

const KEYS = 'n next  b back  d diff  c check  k kernel  s notes  r reset  x starter  q quit'

function livePage({ steps, at, page, changes, result, grading }: LiveState): Line[] {
  if (page === 'notes') return notes(steps, at)
  if (page === 'check') return result ? verdictLines(result) : [{ text: grading ? 'Grading …' : 'Not graded.', style: 'dim' }]
  const code = changedLines(changes)
  if (page === 'kernel') {
    if (grading) return [{ text: 'Asking the kernel …', style: 'dim' }]
    const why = result ? result.checks.find(({ message }) => message)?.message ?? 'this answer needs none' : 'it was not graded'
    const none = `No container came of it: ${why}`
    return [{ text: code.length > 0 ? 'What the kernel says of the container:' : none, style: 'bold' }, { text: '' }, ...code]
  }
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

export function liveFrame(state: LiveState, size: Size): { lines: Line[]; scroll: number } {
  const { name, steps, at, grading, scroll, notice } = state
  const next = steps[at + 1]?.why[0]
  return framed({
    head: `${name}  step ${at} of ${steps.length - 1}`, page: livePage(state), scroll, down: 'arrow down', keys: KEYS,
    news: notice || (grading ? 'grading …' : ''), ...(next !== undefined && { otherwise: `next: ${next}` }),
  }, size)
}
