// A report for a terminal.
//
//   lines(report, (verdict) => '✓')   → lines of text
import { type CheckResult, type Report } from './result.ts'
import type { Verdict } from './verdict.ts'

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
  return [
    `  ${mark(check.verdict)} ${check.title} (${check.earned}/${check.points})`,
    ...feedback(check).map((line) => `      ${line}`),
  ]
}

/** What is said about a check that was not passed, line by line; also for the exporters. */
export function feedback(check: CheckResult): string[] {
  const details: Readonly<Record<string, string | undefined>> = {
    'expected': check.expected, 'seen': check.seen, 'hint': check.hint, 'lesson': check.lesson,
  }
  return [
    ...(check.message === undefined ? [] : [check.message]),
    ...Object.entries(details).flatMap(([name, text]) => (text === undefined ? [] : [`${`${name}:`.padEnd(9)} ${text}`])),
  ]
}
