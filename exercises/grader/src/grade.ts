// From an answer to points.
//
//   await grade(exercise, file)   → ExerciseResult, see result.ts
//
// Invariant: a check gives its points or none of them; what goes wrong in the grader itself is `error`, never `fail`.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { stop } from 'esbuild'
import { accept, acceptValue, mustBeCalled } from './accept.ts'
import { token, type Check, type Context } from './check.ts'
import { compute, type Called } from './compute.ts'
import { ROOT, type Found } from './exercises.ts'
import { fence, type Fence } from './fence.ts'
import type { Outcome } from './inside.ts'
import { look } from './look.ts'
import { places } from './places.ts'
import type { CheckResult, ExerciseResult } from './result.ts'
import { bundle } from './submission.ts'
import { computeUnboxed } from './unboxed.ts'
import { Failure, Lacks, Late, told, type Difference } from './verdict.ts'

export interface Options {
  /** The course's folder. */
  readonly root?: string
  /** For one call of the answer's function, and for one container to start. */
  readonly seconds?: number
  /** Why there is no answer that could be read; it fails every check. */
  readonly refused?: string
  /** Where no box can be made, an answer is computed without one: see unboxed.ts. */
  readonly unboxed?: boolean
  /** The compiler, a process of its own, stays for the next answer; otherwise it ends. */
  readonly again?: boolean
}

/** Bytes. */
const MOST_OUTPUT = 1024 * 1024
/** An answer that took too long so often is not waited for again. */
const MOST_LATE = 2
const NOT_TRIED = `not tried: the answer took too long ${MOST_LATE} times`

/** @param file the answer */
export async function grade(exercise: Found, file: string, options: Options = {}): Promise<ExerciseResult> {
  const around = fence()
  try {
    return await graded(exercise, prepare(exercise, file, options, around))
  } finally {
    await around.close()
  }
}

async function graded(exercise: Found, context: Promise<Context>): Promise<ExerciseResult> {
  const marked: readonly (readonly [Check, boolean])[] = [
    ...exercise.checks.map((check) => [check, false] as const),
    ...exercise.hidden.map((check) => [check, true] as const),
  ]
  const checks: CheckResult[] = []
  const late = new Set<CheckResult>()
  for (const [check, hidden] of marked) {
    const tried = late.size < MOST_LATE ? context : Promise.reject(new Failure(NOT_TRIED))
    const [result, wasLate] = await judge(check, hidden, exercise.chapter, tried)
    checks.push(result)
    if (wasLate) late.add(result)
  }
  const sum = (of: readonly CheckResult[]): number => of.reduce((all, { points }) => all + points, 0)
  return {
    id: exercise.id, title: exercise.title, points: exercise.points,
    earned: sum(checks.filter(({ verdict }) => verdict === 'pass')),
    unjudged: exercise.points - sum(checks.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail')),
    checks,
  }
}

/** @returns also whether the answer took too long */
async function judge(
  check: Check, hidden: boolean, chapter: string, context: Promise<Context>,
): Promise<readonly [CheckResult, boolean]> {
  const { id, title, points, hint, lesson = 'the-code' } = check
  const base = { id, title, points, hidden }
  try {
    await check.run(await context)
    return [{ ...base, verdict: 'pass', earned: points }, false]
  } catch (error) {
    const message = told((error as Error).message)
    if (error instanceof Lacks) return [{ ...base, verdict: 'skip', earned: 0, message }, false]
    if (!(error instanceof Failure)) return [{ ...base, verdict: 'error', earned: 0, message }, false]
    const help = { ...toldOf(error.difference), hint, lesson: `chapters/${chapter}/README.md#${lesson}` }
    return [{ ...base, verdict: 'fail', earned: 0, message, ...help }, error instanceof Late]
  }
}

const toldOf = (difference: Difference): Difference =>
  Object.fromEntries(Object.entries(difference).map(([name, text]) => [name, told(text as string)]))

/** The answer is bundled once for all its checks; if that fails, it fails each of them. */
function prepare({ chapter, name, maps }: Found, file: string, options: Options, { enter }: Fence): Promise<Context> {
  const { root = ROOT, seconds = 10, refused, unboxed = false, again = false } = options
  const context = made()
  context.catch(() => {}) // each check reports it
  return context

  async function made(): Promise<Context> {
    if (refused !== undefined) throw new Failure(refused)
    if (!existsSync(file)) throw new Failure(`expected an answer in ${file}, got no such file`)
    const where = places()
    where.catch(() => {}) // what can be told without a place is told
    const code = await bundle({ file: resolve(file), chapter, root }).finally(() => again || stop())
    const limits = { ms: seconds * 1000, bytes: MOST_OUTPUT }
    const outcome = async (called: Omit<Called, 'name'>): Promise<Outcome> => {
      try {
        return await compute(code, { name, ...called }, await where, limits, enter)
      } catch (error) {
        if (!unboxed || !(error instanceof Lacks)) throw error
        return computeUnboxed(code, { name, ...called }, limits)
      }
    }
    return {
      token,
      compute: async (...args) => accept(name, await outcome({ args }), maps),
      value: async (...args) => acceptValue(name, await outcome({ args, value: true })),
      refusal: async (...args) => {
        const result = await outcome({ args })
        mustBeCalled(name, result)
        if ('error' in result) return result.error
        const seen = 'nonsense' in result ? result.nonsense : 'an isolation'
        throw new Failure(`${name}() accepted what it must refuse`, { expected: 'an error', seen })
      },
      run: async (isolation, surroundings) => look(isolation, await where, limits, surroundings, enter),
    }
  }
}
