// From an answer to points.
//
//   await grade(exercise, file)   → ExerciseResult, see report.ts
//
// Invariant: a check gives its points or none of them; what goes wrong in the grader itself is `error`, never `fail`.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { stop } from 'esbuild'
import type { Json } from '@pocker/syscalls'
import { accept } from './accept.ts'
import { token, type Check, type Context } from './check.ts'
import { compute } from './compute.ts'
import { ROOT, type Found } from './exercises.ts'
import type { Outcome } from './inside.ts'
import { look } from './look.ts'
import { places } from './places.ts'
import type { CheckResult, ExerciseResult } from './report.ts'
import { bundle } from './submission.ts'
import { Failure, Lacks } from './verdict.ts'

export interface Options {
  /** The course's folder. */
  readonly root?: string
  /** For one call of the answer's function, and for one container to start. */
  readonly seconds?: number
}

/** Bytes. */
const MOST_OUTPUT = 1024 * 1024

/** @param file the answer */
export async function grade(exercise: Found, file: string, options: Options = {}): Promise<ExerciseResult> {
  const context = prepare(exercise, file, options)
  const marked: readonly (readonly [Check, boolean])[] = [
    ...exercise.checks.map((check) => [check, false] as const),
    ...exercise.hidden.map((check) => [check, true] as const),
  ]
  const checks: CheckResult[] = []
  for (const [check, hidden] of marked) checks.push(await judge(check, hidden, exercise.chapter, context))
  const sum = (of: readonly CheckResult[]): number => of.reduce((all, { points }) => all + points, 0)
  return {
    id: exercise.id, title: exercise.title, points: exercise.points,
    earned: sum(checks.filter(({ verdict }) => verdict === 'pass')),
    unjudged: exercise.points - sum(checks.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail')),
    checks,
  }
}

async function judge(check: Check, hidden: boolean, chapter: string, context: Promise<Context>): Promise<CheckResult> {
  const { id, title, points, hint, lesson = 'the-code' } = check
  const base = { id, title, points, hidden }
  try {
    await check.run(await context)
    return { ...base, verdict: 'pass', earned: points }
  } catch (error) {
    const message = (error as Error).message
    if (error instanceof Lacks) return { ...base, verdict: 'skip', earned: 0, message }
    if (!(error instanceof Failure)) return { ...base, verdict: 'error', earned: 0, message }
    const anchor = `chapters/${chapter}/README.md#${lesson}`
    return { ...base, verdict: 'fail', earned: 0, message, ...error.difference, hint, lesson: anchor }
  }
}

/** The answer is bundled once for all its checks; if that fails, it fails each of them. */
function prepare({ chapter, name, maps }: Found, file: string, { root = ROOT, seconds = 10 }: Options): Promise<Context> {
  const context = made()
  context.catch(() => {}) // each check reports it
  return context

  async function made(): Promise<Context> {
    if (!existsSync(file)) throw new Failure(`expected an answer in ${file}, got no such file`)
    const where = await places()
    const code = await bundle({ file: resolve(file), chapter, root }).finally(stop)
    const limits = { ms: seconds * 1000, bytes: MOST_OUTPUT }
    const outcome = (args: readonly Json[]): Promise<Outcome> => compute(code, { name, args }, where, limits)
    return {
      token,
      compute: async (...args) => accept(name, await outcome(args), maps),
      refusal: async (...args) => {
        const result = await outcome(args)
        if ('error' in result) return result.error
        const seen = 'isolation' in result ? 'an isolation' : result.nonsense
        throw new Failure(`${name}() accepted what it must refuse`, { expected: 'an error', seen })
      },
      run: (isolation, surroundings) => look(isolation, where, limits, surroundings),
    }
  }
}
