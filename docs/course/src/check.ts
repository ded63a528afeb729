// `course check`: points for the answers in exercises/, or in another folder.
//
//   course check                  all exercises
//   course check 02/names         one of them
//   course check 02 --answers DIR --json
//
// Exit code: 0 with full points, 1 without, 2 if the command line asks for something that is not there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { exercises, grade, lines, report, ROOT, select, type Found, type Report, type Verdict } from '@pocker/grader'
import { SpecError } from '@pocker/syscalls'
import type { Command } from 'commander'
import colors from 'picocolors'

interface CheckOptions { readonly json?: true; readonly answers?: string }

const USAGE = 2
const MARKS: Readonly<Record<Verdict, string>> = {
  pass: colors.green('✓'),
  fail: colors.red('✗'),
  skip: colors.yellow('skipped:'),
  error: colors.magenta('the grader failed:'),
}

export function addCheck(program: Command): void {
  program.command('check')
    .description('grade your answers')
    .argument('[exercise]', 'a chapter or an exercise, such as 02 or 02/names')
    .option('--json', 'print the result as data')
    .option('--answers <dir>', 'where the answers are, instead of exercises/')
    .action(async (wanted: string | undefined, options: CheckOptions) => {
      process.exitCode = await checkAnswers(wanted, options)
    })
}

async function checkAnswers(wanted: string | undefined, options: CheckOptions): Promise<number> {
  try {
    const result = await gradeAll(select(await exercises(), wanted), options.answers)
    console.log(options.json ? JSON.stringify(result, null, 2) : lines(result, (verdict) => MARKS[verdict]).join('\n'))
    return result.earned === result.points ? 0 : 1
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    console.error(`course: ${error.message}`)
    return USAGE
  }
}

async function gradeAll(chosen: readonly Found[], answers?: string): Promise<Report> {
  if (answers !== undefined && !existsSync(answers)) {
    throw new SpecError(`--answers: expected a folder, got ${answers}, which does not exist`)
  }
  const results = []
  for (const exercise of chosen) results.push(await grade(exercise, answerFile(exercise, answers)))
  return report(results)
}

/** In another folder, the answers of a chapter may have a folder of their own, as in exercises/. */
function answerFile({ chapter, name }: Found, answers: string = join(ROOT, 'exercises')): string {
  const folder = join(answers, chapter)
  return join(existsSync(folder) ? folder : answers, `${name}.ts`)
}
