// What came of grading: one model, and what is made of it.
//
//   report(results)      → Report, the data that `--json` prints
//   lines(report, mark)  → the same for a terminal
import type { Difference, Verdict } from './verdict.ts'

export interface CheckResult extends Difference {
  readonly id: string
  readonly title: string
  readonly points: number
  readonly earned: number
  readonly hidden: boolean
  readonly verdict: Verdict
  /** Why it was not passed, in one line; for a skip, what the machine lacks. */
  readonly message?: string
  /** Of a failure: the first hint. */
  readonly hint?: string
  /** Of a failure: where the lesson tells it, `chapters/02-uts/README.md#the-code`. */
  readonly lesson?: string
}

export interface ExerciseResult {
  /** `02-uts/hostname` */
  readonly id: string
  readonly title: string
  readonly points: number
  readonly earned: number
  /** Points of checks that were skipped, or where the grader itself failed, or that are not here (hidden ones). */
  readonly unjudged: number
  readonly checks: readonly CheckResult[]
}

export interface Report {
  readonly schema: 'pocker/grade/v1'
  readonly points: number
  readonly earned: number
  readonly unjudged: number
  readonly exercises: readonly ExerciseResult[]
}

export function report(exercises: readonly ExerciseResult[]): Report {
  const sum = (field: 'points' | 'earned' | 'unjudged'): number =>
    exercises.reduce((all, result) => all + result[field], 0)
  return {
    schema: 'pocker/grade/v1',
    points: sum('points'), earned: sum('earned'), unjudged: sum('unjudged'),
    exercises,
  }
}

/** @param mark what stands before a check of this verdict */
export function lines({ points, earned, unjudged, exercises }: Report, mark: (verdict: Verdict) => string): string[] {
  return [
    ...exercises.flatMap((exercise) => [
      `${exercise.id}  ${exercise.earned} of ${exercise.points} points  ${exercise.title}`,
      ...exercise.checks.flatMap((check) => checkLines(check, mark)),
      '',
    ]),
    `${earned} of ${points} points${unjudged ? `, ${unjudged} not judged here` : ''}`,
  ]
}

function checkLines(check: CheckResult, mark: (verdict: Verdict) => string): string[] {
  const details: Readonly<Record<string, string | undefined>> = {
    'expected': check.expected, 'seen': check.seen, 'hint': check.hint, 'lesson': check.lesson,
  }
  return [
    `  ${mark(check.verdict)} ${check.title} (${check.earned}/${check.points})`,
    ...(check.message === undefined ? [] : [`      ${check.message}`]),
    ...Object.entries(details)
      .flatMap(([name, text]) => (text === undefined ? [] : [`      ${`${name}:`.padEnd(9)} ${text}`])),
  ]
}
