// Gradescope's results.json. @see https://gradescope-autograders.readthedocs.io/en/latest/specs/
//
//   gradescope(result)   → { score, visibility, stdout_visibility, tests: [{ name, score, max_score, status, … }] }
//
// What could not be judged has no score of its own: Gradescope shows it, and whoever teaches decides.
import { feedback } from '../report.ts'
import { checksOf, type CheckResult, type Result } from '../result.ts'

export function gradescope({ report }: Result): string {
  const tests = checksOf(report).map(({ exercise, check }, i) => ({
    name: `${exercise.id}: ${check.title}`, name_format: 'text', number: String(i + 1),
    ...(judged(check) && { score: check.earned, max_score: check.points, status: check.verdict === 'pass' ? 'passed' : 'failed' }),
    output: feedback(check).join('\n'), output_format: 'text',
    visibility: check.hidden ? 'after_due_date' : 'visible',
    tags: [exercise.id.split('/')[0] ?? ''],
  }))
  return `${JSON.stringify({
    score: report.earned,
    output: report.unjudged > 0
      ? `${report.unjudged} of ${report.points} points could not be judged, through no fault of this submission.`
      : `${report.earned} of ${report.points} points`,
    output_format: 'text', visibility: 'visible', stdout_visibility: 'hidden',
    tests,
  }, null, 2)}\n`
}

const judged = ({ verdict }: CheckResult): boolean => verdict === 'pass' || verdict === 'fail'
