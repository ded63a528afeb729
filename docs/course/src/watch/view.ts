// What the screen of `course` shows: a pure function of what is known.
//
//   frame(state, { columns: 80, rows: 24 })   → exactly what fits of its page, and how far down that is
//
// Invariant: pure.
import type { CheckResult, ExerciseResult, Found } from '@pocker/grader'
import type { Changed } from '../difference.ts'
import { entryOf, type Progress } from '../progress.ts'
import { inShort, type Statement } from '../statement.ts'
import { changedLines, framed, type Size } from './frame.ts'
import type { Line, Style } from './terminal.ts'

export type Page = 'exercise' | 'hint' | 'list' | 'diff' | 'reset' | 'done'

export interface State {
  readonly all: readonly Found[]
  readonly at: number
  readonly file: string
  readonly statement: Statement
  readonly progress: Progress
  readonly page: Page
  readonly scroll: number
  readonly grading: boolean
  /** Of the exercise that is shown; undefined until it is graded. */
  readonly result: ExerciseResult | undefined
  /** Whether the solution is in this copy of the course. */
  readonly solved: boolean
  readonly diff: readonly Changed[]
  /** One line of news. */
  readonly notice: string
}

const MARKS: Readonly<Record<CheckResult['verdict'], readonly [string, Style]>> = {
  pass: ['✓', 'good'], fail: ['✗', 'bad'], skip: ['– skipped:', 'warn'], error: ['! the grader failed:', 'warn'],
}
const KEYS: Readonly<Record<Page, string>> = {
  exercise: 'n next  p previous  h hint  l list  r run  d diff  x reset  q quit',
  hint: 'h next hint  Enter back  q quit',
  list: 'Enter back  n next  p previous  q quit',
  diff: 'Enter back  q quit',
  reset: 'y yes  Enter no',
  done: 'n next  p previous  l list  q quit',
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

function pageOf(state: State): Line[] {
  const { page } = state
  if (page === 'list') return list(state.all, state.progress, state.at)
  if (page === 'hint') return hints(state)
  if (page === 'diff') return [{ text: '- yours  + the solution', style: 'bold' }, { text: '' }, ...changedLines(state.diff)]
  if (page === 'reset') return [
    { text: `Begin ${state.file} anew?`, style: 'bold' }, { text: '' }, { text: 'What you wrote is kept beside it.' },
  ]
  return page === 'done' ? done(state) : [...task(state), ...verdicts(state)]
}

function task({ all, at, file, statement }: State): Line[] {
  const exercise = all[at] as Found
  const { lines, more } = inShort(statement)
  return [
    { text: `${exercise.id}: ${exercise.title} (${plural(exercise.points, 'point')})`, style: 'bold' },
    { text: file },
    { text: '' },
    ...lines.map((text) => ({ text })),
    ...(more ? [{ text: `(more in exercises/${exercise.chapter}/README.md)`, style: 'dim' as const }] : []),
    { text: '' },
  ]
}

function verdicts({ result, grading, statement }: State): Line[] {
  if (!result) return [{ text: grading ? 'Grading …' : 'Not graded yet: save the file, or press r.', style: 'dim' }]
  const { checks } = result
  if (checks.length > 0 && checks.every(({ message = '' }) => message.includes('TODO: '))) {
    return [
      { text: 'Not begun: open the file in your editor, and write code where it throws TODO.', style: 'bold' },
      { text: 'Whenever you save it, it is graded. These checks will be made:' }, { text: '' },
      ...checks.map(({ title, points }): Line => ({ text: `- ${title} (${plural(points, 'point')})`, hang: 2 })),
    ]
  }
  return verdictLines(result, statement.hints.length > 0 ? 'h: a hint' : '')
}

/** @param hint stands below the first failure: the key that shows one */
export function verdictLines(result: ExerciseResult, hint = ''): Line[] {
  const { checks } = result
  const told = new Set<string>()
  const first = checks.find(({ verdict }) => verdict === 'fail')
  return [
    ...checks.flatMap((check) => {
      const again = told.has(check.message ?? '')
      told.add(check.message ?? '')
      return [...verdict(check, again), ...(check === first && hint ? [{ text: `    ${hint}`, style: 'dim' as const }] : [])]
    }),
    { text: '' },
    ...standing(result).map((text, i): Line => ({ text, ...(i === 0 && { style: 'bold' }) })),
  ]
}

function verdict({ verdict, title, earned, points, message, expected, seen }: CheckResult, again: boolean): Line[] {
  const [mark, style] = MARKS[verdict]
  const details = again ? [] : [message, expected && `expected: ${expected}`, seen && `seen:     ${seen}`]
  return [
    { text: `${mark} ${title} (${earned}/${points})`, style, hang: 2 },
    ...details.filter((text) => text !== undefined && text !== '').map((text) => ({ text: `    ${text}` })),
  ]
}

/** @returns the points, and below what could not be judged here, and why */
function standing({ points, earned, unjudged, checks }: ExerciseResult): string[] {
  const skipped = new Set(checks.flatMap(({ verdict, message = '' }) => (verdict === 'skip' ? [message] : [])))
  const away = points - checks.reduce((sum, check) => sum + check.points, 0)
  return [
    `${earned} of ${plural(points, 'point')}${unjudged > 0 ? `, ${unjudged} not judged here` : ''}`,
    ...[...skipped].map((why) => `    not judged: ${why}`),
    ...(away > 0 ? [`    not judged: hidden checks, which are not here (${plural(away, 'point')})`] : []),
  ]
}

function hints({ all, at, statement, progress, result }: State): Line[] {
  const { id } = all[at] as Found
  const read = statement.hints.slice(0, entryOf(progress, id).hints)
  const first = result?.checks.find(({ verdict, hint }) => verdict === 'fail' && hint)
  return [
    ...(first ? [{ text: `${first.title}:`, style: 'bold' as const }, { text: `    ${first.hint}` }, { text: '' }] : []),
    ...read.flatMap((hint, i): Line[] => [
      { text: `Hint ${i + 1} of ${statement.hints.length}`, style: 'bold' },
      ...hint.split('\n').map((text) => ({ text: `    ${text}` })), { text: '' },
    ]),
    ...(statement.hints.length === 0 ? [{ text: 'There is no other hint for this exercise.' }] : []),
  ]
}

function list(all: readonly Found[], progress: Progress, at: number): Line[] {
  return all.map(({ id, title, points }, i) => {
    const { earned, passed } = entryOf(progress, id)
    const mark = passed ? '✓' : earned > 0 ? '…' : ' '
    const text = `${i === at ? '>' : ' '} ${mark} ${id.padEnd(26)} ${`${earned}/${points}`.padStart(5)}  ${title}`
    return { text, whole: true, ...(passed && { style: 'good' }) }
  })
}

function done({ all, progress, solved }: State): Line[] {
  const [earned, points] = sums(all, progress)
  return [
    {
      text: `All done: ${all.length} of ${plural(all.length, 'exercise')}, ${earned} of ${plural(points, 'point')}.`,
      style: 'good',
    },
    ...(solved ? [{ text: '' }, { text: 'd, at each exercise, shows the solution beside yours.' }] : []),
  ]
}

const sums = (all: readonly Found[], progress: Progress): [number, number] =>
  [all.reduce((sum, { id }) => sum + entryOf(progress, id).earned, 0), all.reduce((sum, { points }) => sum + points, 0)]

/** `[#####-----] 2 of 3 exercises, 8 of 15 points` */
export function progressBar(all: readonly Found[], progress: Progress): string {
  const passed = all.filter(({ id }) => entryOf(progress, id).passed).length
  const filled = Math.floor((passed / Math.max(1, all.length)) * BAR)
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}] ${reached(all, progress)}`
}
const BAR = 20

function reached(all: readonly Found[], progress: Progress): string {
  const passed = all.filter(({ id }) => entryOf(progress, id).passed).length
  const [earned, points] = sums(all, progress)
  return `${passed} of ${plural(all.length, 'exercise')}, ${earned} of ${plural(points, 'point')}`
}

export function frame(state: State, size: Size): { lines: Line[]; scroll: number } {
  const { all, progress, page, scroll, grading, result, notice, solved } = state
  const busy = result && page === 'exercise' ? 'grading … (above: what you had saved before)' : 'grading …'
  const keys = solved ? KEYS[page] : KEYS[page].replace('  d diff', '')
  return framed({
    head: size.columns < NARROW ? reached(all, progress) : `course ${progressBar(all, progress)}`,
    page: pageOf(state), scroll, down: 'arrow down, or space', news: grading ? busy : notice, keys,
  }, size)
}
/** Columns in which there is no room for the bar. */
const NARROW = 70
