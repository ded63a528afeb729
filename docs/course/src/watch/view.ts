// What the screen of `course` shows: a pure function of what is known.
//
//   pageOf(state)                           → the lines of the page, as long as they are
//   frame(state, pageOf(state), 80, 24)     → exactly what fits: a head, a part of the page, a foot with the keys
//
// Invariant: pure, and frame() returns at most `rows` lines.
import type { CheckResult, ExerciseResult, Found } from '@pocker/grader'
import type { Changed } from '../difference.ts'
import { entryOf, type Progress } from '../progress.ts'
import { inShort, type Statement } from '../statement.ts'
import { wrap, type Line, type Style } from './terminal.ts'

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

export function pageOf(state: State): Line[] {
  const { page } = state
  if (page === 'list') return list(state.all, state.progress, state.at)
  if (page === 'hint') return hints(state)
  if (page === 'diff') return diff(state.diff)
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
    return { text, ...(passed && { style: 'good' }) }
  })
}

const SIGNS: Readonly<Record<Changed['sign'], Style>> = { ' ': 'dim', '-': 'bad', '+': 'good' }
const diff = (changes: readonly Changed[]): Line[] => [
  { text: '- yours  + the solution', style: 'bold' }, { text: '' },
  ...changes.map(({ sign, line }): Line => ({ text: `${sign} ${line}`, style: SIGNS[sign] })),
]

function done({ all, progress }: State): Line[] {
  const [earned, points] = sums(all, progress)
  return [
    {
      text: `All done: ${all.length} of ${plural(all.length, 'exercise')}, ${earned} of ${plural(points, 'point')}.`,
      style: 'good',
    },
    { text: '' },
    { text: 'd, at each exercise, shows the solution beside yours.' },
  ]
}

const sums = (all: readonly Found[], progress: Progress): [number, number] =>
  [all.reduce((sum, { id }) => sum + entryOf(progress, id).earned, 0), all.reduce((sum, { points }) => sum + points, 0)]

/** `[#####-----] 2 of 3 exercises, 8 of 15 points` */
export function progressBar(all: readonly Found[], progress: Progress, size = 20): string {
  const passed = all.filter(({ id }) => entryOf(progress, id).passed).length
  const filled = Math.floor((passed / Math.max(1, all.length)) * size)
  const [earned, points] = sums(all, progress)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(size - filled)}]`
  return `${bar} ${passed} of ${plural(all.length, 'exercise')}, ${earned} of ${plural(points, 'point')}`
}

/** The page in lines of the terminal. */
export const bodyOf = (page: readonly Line[], columns: number): Line[] =>
  page.flatMap(({ text, style, hang }) => wrap(text, columns, hang).map((part): Line => ({ text: part, ...(style && { style }) })))

/** As many lines as fit, and at most as far down as the page goes. */
export function frame(state: State, page: readonly Line[], columns: number, rows: number): Line[] {
  const body = bodyOf(page, columns)
  const room = Math.max(1, rows - 4)
  const from = Math.min(state.scroll, Math.max(0, body.length - room))
  const shown = body.slice(from, from + room)
  const below = body.length - from - shown.length
  const news = state.grading ? 'grading …' : below > 0 ? `${below} more lines: arrow down, or space` : state.notice
  return [
    { text: `course ${progressBar(state.all, state.progress, columns < 70 ? 5 : 20)}` },
    { text: '' },
    ...shown,
    ...Array.from({ length: room - shown.length }, (): Line => ({ text: '' })),
    { text: news, style: 'warn' as const },
    { text: KEYS[state.page], style: 'dim' as const },
  ].slice(-Math.max(1, rows))
}

/** How far down a page may be scrolled. */
export const lastScroll = (page: readonly Line[], columns: number, rows: number): number =>
  Math.max(0, bodyOf(page, columns).length - Math.max(1, rows - 4))
