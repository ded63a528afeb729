// `course check`: points for the answers in exercises/, or in another folder.
//
//   course check                  all exercises
//   course check 02/names         one of them
//   course check 02 --answers DIR --json
//
// Points for answers in exercises/ count for the progress. Exit code: 0 with full points, as far as this machine can judge,
// 1 without, 2 if the command line asks for something that is not there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { grade, lines, report, select, type ExerciseResult, type Found, type Report, type Verdict } from '@pocker/grader'
import { SpecError } from '@pocker/syscalls'
import colors from 'picocolors'
import { loadProgress, updateProgress, withResult } from './progress.ts'
import { seeded, seedOf } from './seed.ts'
import { basis } from './basis.ts'
import { courseRoot, gradeAnswer, inOrder } from './work.ts'

export interface CheckOptions { readonly json?: true; readonly answers?: string }

const USAGE = 2
const MARKS: Readonly<Record<Verdict, string>> = {
  pass: colors.green('✓'),
  fail: colors.red('✗'),
  skip: colors.yellow('skipped:'),
  error: colors.magenta('the grader failed:'),
}

export async function checkAnswers(wanted: string | undefined, options: CheckOptions): Promise<number> {
  try {
    const root = courseRoot()
    const result = await gradeAll(root, select(await inOrder(root), wanted), options.answers)
    const told = [...lines(result, (verdict) => MARKS[verdict]), ...basis(result)]
    console.log(options.json ? JSON.stringify(result, null, 2) : told.join('\n'))
    return result.earned + missing(result) === result.points ? 0 : 1
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    console.error(`course: ${error.message}`)
    return USAGE
  }
}

/** Points of checks that this copy of the course does not have. */
const missing = ({ exercises: all }: Report): number =>
  all.reduce((sum, { points, checks }) => sum + points - checks.reduce((one, check) => one + check.points, 0), 0)

async function gradeAll(root: string, chosen: readonly Found[], answers?: string): Promise<Report> {
  if (answers !== undefined && !existsSync(answers)) {
    throw new SpecError(`--answers: expected a folder, got ${answers}, which does not exist`)
  }
  const { progress, notice } = loadProgress(root)
  if (notice !== undefined) console.error(`course: ${notice}`)
  const results: ExerciseResult[] = []
  for (const [i, exercise] of chosen.entries()) {
    waiting(`${exercise.id} (${i + 1} of ${chosen.length})`)
    const seed = seedOf(progress)
    const result = answers === undefined ? await gradeAnswer(root, exercise, seed)
      : await grade(seeded(exercise, seed), answerFile(exercise, answers), { root })
    results.push(result)
    if (answers !== undefined) continue
    const { notice: unsaved } = updateProgress(root, (old) => withResult(old, result)) // Ctrl-C loses the rest only
    if (unsaved !== undefined) console.error(`course: ${unsaved}`)
  }
  waiting('')
  return report(results)
}

/** All of them take a minute: one line that changes, where somebody looks. */
function waiting(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

/** In another folder, the answers of a chapter may have a folder of their own, as in exercises/. */
function answerFile({ chapter, name }: Found, answers: string): string {
  const folder = join(answers, chapter)
  return join(existsSync(folder) ? folder : answers, `${name}.ts`)
}
