// What the points of a report stand on: said in words, so that nobody takes a plan that was read for one that was run.
//
//   basis(report)   → [] if everything was judged; otherwise lines for people
//
// Invariant: pure; a check that was skipped is named with what the machine lacks, once for all checks that lack the same.
import type { Report } from '@pocker/grader'

export function basis({ exercises, points }: Report): string[] {
  const checks = exercises.flatMap((exercise) => exercise.checks)
  const sum = (of: readonly { readonly points: number }[]): number => of.reduce((all, one) => all + one.points, 0)
  const skipped = checks.filter(({ verdict }) => verdict === 'skip')
  const judged = sum(checks.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail'))
  const away = points - sum(checks)
  const reasons = [...new Set(skipped.map(({ message = '' }) => message))]
  if (skipped.length === 0 && away === 0) return []
  const count = `${skipped.length} ${skipped.length === 1 ? 'check' : 'checks'}`
  return [
    '',
    ...(skipped.length > 0 ? [
      `These points stand on ${judged} of ${points}. The kernel was not asked about ${sum(skipped)}, in ${count}:`,
      ...reasons.map((reason) => `  ${reason}`),
      'Run `npx course doctor` to see what this machine can do, and what to do about the rest.',
    ] : []),
    ...(away > 0 ? [`Hidden checks, which are not in this copy of the course, are worth ${away}.`] : []),
  ]
}
