// Classroom 50's result.json, of the schema classroom50/result/v1. @see foundation50/classroom50, Advanced Autograding
//
//   classroom50(result, env, now)   → { schema, classroom, assignment, submission, …, score, max-score, tests }
//
// Whose it is, its runner says in the environment: CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL, REVIEW_URL.
// Invariant: scores are integers, and the whole is the sum of its tests.
import { checksOf, type Result } from '../result.ts'

type Environment = Readonly<Record<string, string | undefined>>

export function classroom50({ name, report }: Result, env: Environment = process.env, now = new Date()): string {
  const tests = checksOf(report).map(({ exercise, check }) => ({
    'test-name': `${exercise.id}: ${check.title}`, 'passed': check.verdict === 'pass',
    'score': whole(check.earned), 'max-score': whole(check.points),
  }))
  const sum = (field: 'score' | 'max-score'): number => tests.reduce((all, test) => all + test[field], 0)
  const { CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL, REVIEW_URL } = env
  const { GITHUB_SERVER_URL: server = 'local', GITHUB_REPOSITORY: repository = name, GITHUB_SHA: sha = 'none' } = env
  const commit = COMMIT_URL ?? `${server}/${repository}/commit/${sha}`
  return `${JSON.stringify({
    'schema': 'classroom50/result/v1',
    'classroom': CLASSROOM ?? 'pocker', 'assignment': ASSIGNMENT ?? 'pocker', 'submission': SUBMISSION_TAG ?? name,
    'commit': commit, 'release': RELEASE_URL ?? commit, 'review': REVIEW_URL ?? commit,
    'datetime': `${now.toISOString().slice(0, 19)}Z`,
    'score': sum('score'), 'max-score': sum('max-score'),
    tests,
  }, null, 2)}\n`
}

/** @throws {TypeError} if an exercise has parts of points */
function whole(points: number): number {
  if (!Number.isInteger(points)) throw new TypeError(`classroom50: expected whole points, got ${points}`)
  return points
}
