// An exercise whose checks get another context than the grader's: other tokens, or one that tells what it sees.
//
//   eachCheck(exercise, (context, check) => ({ ...context, token }))   → the exercise
//
// Invariant: pure; nothing else of the exercise changes.
import type { Check, Context, Found } from '@pocker/grader'

export function eachCheck(exercise: Found, change: (context: Context, check: Check) => Context): Found {
  const changed = (checks: readonly Check[]): Check[] =>
    checks.map((check) => ({ ...check, run: (context) => check.run(change(context, check)) }))
  return { ...exercise, checks: changed(exercise.checks), hidden: changed(exercise.hidden) }
}
