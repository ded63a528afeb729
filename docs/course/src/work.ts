// A student's files: the answer, the starter that it began as, the solution.
//
//   await inOrder(root)           → the exercises, as a student meets them
//   answerFile(root, exercise)    → exercises/02-uts/hostname.ts
//   starterOf(root, exercise)     → its text as it was handed out
//   resetAnswer(root, exercise)   → the starter is back; the old answer is kept beside it
//
// Invariant: no answer is lost. What would be overwritten is kept as NAME.ts.mine-1, -2, …
import { spawnSync } from 'node:child_process'
import { chownSync, constants, copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exercises, grade, select, type ExerciseResult, type Found } from '@pocker/grader'
import { SpecError } from '@pocker/syscalls'
import { REPOSITORY } from './chapters.ts'
import { seeded } from './seed.ts'
import { statementOf, type Statement } from './statement.ts'

/** The folder with exercises/ and chapters/: this one, unless somebody names another. */
export const courseRoot = (): string => process.env['POCKER_COURSE'] || REPOSITORY

/** Empty, if there is no such file. */
export const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

type Which = Pick<Found, 'chapter' | 'name'>

export const answerName = ({ chapter, name }: Which): string => `exercises/${chapter}/${name}.ts`
export const answerFile = (root: string, which: Which): string => join(root, answerName(which))
export const solutionFile = (root: string, { chapter, name }: Which): string => join(root, 'solutions', chapter, `${name}.ts`)
/** Where `course export` puts the starters. */
export const STARTERS = 'exercises/starters'

/** In a chapter, the order is that of its README.md: from the easiest to the hardest. */
export async function inOrder(root: string): Promise<Found[]> {
  const all = (await exercises(root)).map((exercise) => ({
    exercise, place: readme(root, exercise).indexOf(`\n## ${exercise.name}.ts`),
  }))
  const chapters = [...new Set(all.map(({ exercise }) => exercise.chapter))]
  return chapters.flatMap((chapter) => all.filter(({ exercise }) => exercise.chapter === chapter)
    .toSorted((a, b) => a.place - b.place).map(({ exercise }) => exercise))
}

/** @throws {SpecError} unless it is one exercise */
export async function oneExercise(root: string, wanted: string): Promise<Found> {
  const found = select(await inOrder(root), wanted)
  if (found.length === 1) return found[0] as Found
  throw new SpecError(`exercise: expected one of ${found.map(({ id }) => id).join(', ')}, got ${wanted}`)
}

const readme = (root: string, { chapter }: Which): string => textOf(join(root, 'exercises', chapter, 'README.md'))
export const statement = (root: string, which: Which): Statement => statementOf(readme(root, which), which.name)

/** Grades the answer where it lies, with this student's tokens. It is his own: where no box can be made, it needs none. */
export function gradeAnswer(root: string, exercise: Found, seed?: string): Promise<ExerciseResult> {
  const file = answerFile(root, exercise)
  return grade(seeded(exercise, seed), file, { root, unboxed: true })
}

/** As it was handed out, or as git remembers it: the newest version that still is a starter. */
export function starterOf(root: string, which: Which): string {
  const name = answerName(which)
  const kept = join(root, STARTERS, which.chapter, `${which.name}.ts`)
  if (existsSync(kept)) return readFileSync(kept, 'utf8')
  const git = (...args: string[]): string => spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' }).stdout ?? ''
  for (const commit of git('log', '--format=%H', '--', name).split('\n').filter(Boolean)) {
    const text = git('show', `${commit}:./${name}`)
    if (isStarter(text)) return text
  }
  const now = textOf(join(root, name))
  if (isStarter(now)) return now
  throw new SpecError(`expected the starter of ${name} in ${STARTERS} or in git's history, found none`)
}

const isStarter = (text: string): boolean => /throw new Error\(.TODO: /.test(text)

/** @returns the name under which the old answer is kept; undefined if there was none, or only the starter */
export function resetAnswer(root: string, which: Which): string | undefined {
  const starter = starterOf(root, which)
  return replaceAnswer(answerFile(root, which), starter, (text) => text === starter)
}

/** @param isOurs whether the text that is there need not be kept */
export function replaceAnswer(file: string, text: string, isOurs: (old: string) => boolean): string | undefined {
  const kept = existsSync(file) && !isOurs(readFileSync(file, 'utf8')) ? keep(file) : undefined
  const fresh = `${file}.mine-${process.pid}.new` // should we be killed here, git ignores it
  writeFileSync(fresh, text)
  own(fresh)
  renameSync(fresh, file)
  return kept
}

/** Under `sudo course`, too, an answer belongs to whom its folder belongs. */
function own(file: string): void {
  const { uid, gid } = statSync(dirname(file))
  if (process.geteuid?.() === 0) chownSync(file, uid, gid)
}

/** A copy under a name that nothing had before: not every file system has links. */
function keep(file: string): string {
  for (let n = 1; ; n++) {
    try {
      copyFileSync(file, `${file}.mine-${n}`, constants.COPYFILE_EXCL)
      own(`${file}.mine-${n}`)
      return `${file}.mine-${n}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
