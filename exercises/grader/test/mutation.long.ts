// Whether the checks see it when a right plan is wrong in one place: a step is missing, two have changed places, an argument is
// another. Who still gets all points is listed in mutation.survivors.json, and why nobody could tell. Exercises whose answers are
// no plans are passed over.
//
//   POCKER_MUTATE=07 npx tsx exercises/grader/test/mutation.long.ts    prints those of one chapter
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accept, acceptValue, Failure, fence, Lacks, look, places, ROOT, select, token, type Context, type Found } from '@pocker/grader'
import { toJson, type Isolation, type Json } from '@pocker/syscalls'
import { all, traces } from './fixtures.ts'
import { mutants, type Mutant } from './mutation.ts'

/** `exercise` and `mutant` are regular expressions. */
interface Survivor { readonly exercise: string; readonly mutant: string; readonly why: string }
const LISTED = JSON.parse(readFileSync(new URL('mutation.survivors.json', import.meta.url), 'utf8')) as readonly Survivor[]
const where = await places()
const limits = { ms: 2000, bytes: 1024 * 1024 }
/** No answer is written to a file here; those that there are are another test's. */
const left = (): unknown => ({ ...traces(), temporary: [] })
const before = left()

type Answer = (...args: readonly Json[]) => Isolation | Json

/** The solution is trusted: it is called here, and only its plans run in the sandbox. */
function contextOf({ name, maps }: Found, answer: Answer, mutate: Mutant['make'], enter: (pid: number) => void): Context {
  return {
    token,
    compute: async (...args) => {
      try {
        const isolation = mutate(accept(name, { isolation: toJson(answer(...args) as Isolation) }, maps))
        return accept(name, { isolation: toJson(isolation) }, maps)
      } catch (error) {
        if (error instanceof Failure) throw error
        throw new Failure((error as Error).message)
      }
    },
    value: async (...args) => acceptValue(name, { value: answer(...args) as Json }),
    refusal: async (...args) => {
      try {
        answer(...args)
      } catch (error) {
        return error as Error
      }
      throw new Failure('accepted what it must refuse')
    },
    run: (isolation, surroundings) => look(isolation, where, limits, surroundings, enter),
  }
}

/** `same`: no plan had the place, as arguments are drawn by lot. */
type Fate = 'killed' | 'survives' | 'same'

/** Killed is who fails some check; a check that this machine cannot make kills nobody. */
async function fate(exercise: Found, answer: Answer, mutate: Mutant['make']): Promise<Fate> {
  const around = fence()
  let changed = false
  const make: Mutant['make'] = (plan) => {
    const other = mutate(plan)
    changed ||= text(other) !== text(plan)
    return other
  }
  try {
    const context = contextOf(exercise, answer, make, around.enter)
    for (const check of [...exercise.checks, ...exercise.hidden]) {
      try {
        await check.run(context)
      } catch (error) {
        if (error instanceof Lacks) continue
        if (error instanceof Failure) return 'killed'
        throw error
      }
    }
    return changed ? 'survives' : 'same'
  } finally {
    await around.close()
  }
}

const text = (plan: Isolation): string => JSON.stringify(toJson(plan))

for (const exercise of select(all, process.env['POCKER_MUTATE'])) {
  test(`${exercise.id}: a plan that is wrong in one place does not get all points`, async () => {
    const solution = await import(pathToFileURL(join(ROOT, 'solutions', exercise.chapter, `${exercise.name}.ts`)).href) as Record<string, Answer>
    const answer = solution[exercise.name] as Answer
    const plans: Isolation[] = []
    assert.is(await fate(exercise, answer, (plan) => (plans.push(plan), plan)), 'same', 'the solution itself')
    if (plans.length === 0) {
      console.log(`\n${exercise.id}: passed over, as its answers are no plans`)
      return
    }
    const survivors: string[] = []
    let every = 0
    for (const { id, make } of mutants(plans)) {
      const became = await fate(exercise, answer, make)
      if (became !== 'same') every += 1
      if (became === 'survives') survivors.push(id)
    }
    console.log(`\n${exercise.id}: ${every} mutants, ${survivors.length} survive${survivors.map((id) => `\n    ${id}`).join('')}`)
    const listed = LISTED.filter((one) => new RegExp(`^(${one.exercise})$`).test(exercise.id)).map(({ mutant }) => new RegExp(`^(${mutant})$`))
    assert.equal(survivors.filter((id) => !listed.some((one) => one.test(id))), [], 'survivors that are not listed')
  })
}

test('nothing is left behind', () => {
  assert.equal(left(), before)
})

test.run()
