// What a student types besides `course` and `course check`. Each prints lines and returns an exit code.
//
//   course list                      all exercises, with points
//   course hint [NN/name] [--step n] one step more than last time
//   course reset NN/name             the starter again; the old answer stays beside it
//   course diff NN/name              mine against the solution, after passing
//   course seed [WORD]               whose tokens are drawn
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import colors from 'picocolors'
import { difference } from './difference.ts'
import { withoutMarkers } from './live/steps.ts'
import { entryOf, loadProgress, NAME, updateProgress, withHints, type Progress } from './progress.ts'
import { seedOf, studentSeed } from './seed.ts'
import { progressBar } from './watch/view.ts'
import { answerFile, answerName, courseRoot, inOrder, oneExercise, resetAnswer, solutionFile, statement, textOf } from './work.ts'

const root = courseRoot()

function told({ progress, notice }: ReturnType<typeof loadProgress>): Progress {
  if (notice !== undefined) console.error(`course: ${notice}`)
  return progress
}
const load = (): Progress => told(loadProgress(root))
const update = (change: (progress: Progress) => Progress): void => void told(updateProgress(root, change))

export async function list(): Promise<number> {
  const [all, progress] = [await inOrder(root), load()]
  for (const { id, title, points } of all) {
    const { earned, passed } = entryOf(progress, id)
    const mark = passed ? colors.green('✓') : earned > 0 ? '…' : ' '
    console.log(`${mark} ${id.padEnd(26)} ${`${earned}/${points}`.padStart(5)}  ${title}`)
  }
  console.log(progressBar(all, progress))
  return 0
}

/** @param step reads this one, and not the next */
export async function hint(wanted: string | undefined, step?: number): Promise<number> {
  const progress = load()
  const exercise = wanted === undefined
    ? (await inOrder(root)).find(({ id }) => !entryOf(progress, id).passed)
    : await oneExercise(root, wanted)
  if (!exercise) {
    console.log('All exercises are passed. `npx course hint NN/name` shows the hints of one.')
    return 0
  }
  const { id } = exercise
  const { hints } = statement(root, exercise)
  const number = step ?? Math.min(entryOf(progress, id).hints + 1, hints.length)
  const text = hints[number - 1]
  if (text === undefined) throw new SpecError(`hint: expected a step from 1 to ${hints.length} of ${id}, got ${number}`)
  console.log(`${id}, hint ${number} of ${hints.length}\n\n${text}`)
  const option = step === undefined ? '' : ` --step ${number + 1}`
  if (number < hints.length) console.log(`\nThe next one: npx course hint ${id}${option}`)
  update((old) => withHints(old, id, number))
  return 0
}

export async function reset(wanted: string): Promise<number> {
  const exercise = await oneExercise(root, wanted)
  const kept = resetAnswer(root, exercise)
  console.log(`${answerName(exercise)} is the starter again${kept ? `; what you wrote is in ${relative(root, kept)}` : ''}`)
  return 0
}

export async function diff(wanted: string): Promise<number> {
  const exercise = await oneExercise(root, wanted)
  if (!entryOf(load(), exercise.id).passed) {
    throw new SpecError(`diff: expected ${exercise.id} to be passed first: npx course check ${exercise.id}`)
  }
  const [mine, solution] = [answerFile(root, exercise), solutionFile(root, exercise)]
  if (!existsSync(solution)) throw new SpecError('diff: the solutions are not in this copy of the course')
  const changes = difference(textOf(mine), withoutMarkers(readFileSync(solution, 'utf8')))
  const color = { '-': colors.red, '+': colors.green, ' ': colors.dim }
  console.log(['- yours  + the solution', ...changes.map(({ sign, line }) => color[sign](`${sign} ${line}`))].join('\n'))
  return 0
}

function withoutSeed(progress: Progress): Progress {
  const { seed, ...rest } = progress
  return seed === undefined ? progress : rest
}

export interface SeedOptions { readonly student?: string; readonly secret?: string; readonly none?: true }

/** Without anything: shows it. With --student and --secret: prints one, and keeps nothing. */
export function seed(word: string | undefined, { student, secret, none }: SeedOptions): number {
  if (student !== undefined || secret !== undefined) {
    if (student === undefined || secret === undefined) {
      throw new SpecError('seed: expected --student and --secret together, got one of them')
    }
    console.log(studentSeed(readFileSync(secret), student))
    return 0
  }
  if (none) update(withoutSeed)
  else if (word !== undefined) update((progress) => ({ ...progress, seed: word }))
  const now = seedOf(load())
  const from = process.env['POCKER_SEED'] ? 'POCKER_SEED' : NAME
  console.log(now === undefined ? 'no seed: the tokens are new each time' : `seed: ${now} (${from})`)
  return 0
}
