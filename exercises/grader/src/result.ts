// The result model. Whatever the grader prints, exports or compares is made of these types, and of nothing else.
//
//   report(results)                                → Report: one submission, as data
//   record({ name, report, refused, versions })    → Result: the same with whose it is, and what it was graded with
//
// Invariant: a result holds no time, no path of the machine's and no number of a process: what is graded twice compares.
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

/** What decides whether a result still holds: each a SHA-256 in hexadecimal. */
export interface Versions {
  /** Of the files that were handed in. */
  readonly submission: string
  /** Of the checks, visible and hidden, of the exercises that were graded. */
  readonly exercises: string
  /** Of the grader, and of the chapters that it and the answers use. */
  readonly grader: string
}

/** A file of `--out`: results/NAME.json. */
export interface Result {
  readonly schema: 'pocker/result/v1'
  /** The submission's folder. */
  readonly name: string
  readonly versions: Versions
  readonly report: Report
  /** Set where the grader itself came to an end on this submission; then no check was judged. */
  readonly fault?: string
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

export const checksOf = ({ exercises }: Report): { readonly exercise: ExerciseResult; readonly check: CheckResult }[] =>
  exercises.flatMap((exercise) => exercise.checks.map((check) => ({ exercise, check })))

/** Whether the grader failed somewhere: such a result is no reason not to grade again. */
export const isFaulty = ({ fault, report: graded }: Result): boolean =>
  fault !== undefined || checksOf(graded).some(({ check }) => check.verdict === 'error')
