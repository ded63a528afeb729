// One submission from its folder to its result.
//
//   await gradeFolder({ name, folder }, { exercises, versions })   → Result
//
// Invariant: it always gets a result; where the grader itself fails, one that says so and takes no points.
import type { Found } from './exercises.ts'
import { grade, type Options } from './grade.ts'
import { take } from './handed.ts'
import { report, type ExerciseResult, type Result, type Versions } from './result.ts'

export interface Submitted { readonly name: string; readonly folder: string }

export interface Course {
  readonly exercises: readonly Found[]
  readonly versions: Omit<Versions, 'submission'>
}

export async function gradeFolder({ name, folder }: Submitted, course: Course, options: Options = {}): Promise<Result> {
  const handed = take(folder, course.exercises)
  try {
    const results: ExerciseResult[] = []
    for (const exercise of course.exercises) {
      const { file, refused } = handed.answer(exercise)
      results.push(await grade(exercise, file, { ...options, ...(refused !== undefined && { refused }) }))
    }
    const versions = { submission: handed.digest, ...course.versions }
    return { schema: 'pocker/result/v1', name, versions, report: report(results) }
  } finally {
    handed.close()
  }
}

/** What a submission gets that brought the grader down: every check is an error, and no point is lost. */
export function faulty(name: string, submission: string, { exercises, versions }: Course, fault: string): Result {
  const results = exercises.map(({ id, title, points, checks, hidden }): ExerciseResult => ({
    id, title, points, earned: 0, unjudged: points,
    checks: [...checks, ...hidden].map((check) => ({
      id: check.id, title: check.title, points: check.points, earned: 0, hidden: hidden.includes(check),
      verdict: 'error', message: fault,
    })),
  }))
  return { schema: 'pocker/result/v1', name, versions: { submission, ...versions }, report: report(results), fault }
}
