// The command `course`. What keeps the lessons true prints its problems as file:line: what.
//
//   course sync [--check] [NN...]   source blocks: rewrite those that differ, or only report them
//   course lessons [NN...]          console blocks: run them, each lesson in a fresh container
//   course check [NN[/name]]        the answers to the exercises: see check.ts
//   course vm [-- COMMAND...]       a Linux to break: see vm.ts
import { Command } from 'commander'
import pc from 'picocolors'
import { main } from '@pocker/syscalls'
import { addCheck } from './check.ts'
import { lessonsOf, REPOSITORY, sourceBeside, syncLesson } from './chapters.ts'
import { formatFailure, runLesson, type BlockRun } from './console.ts'
import type { Lesson } from './lesson.ts'
import { formatStale, stale } from './regions.ts'
import { addVm } from './vm.ts'

const CHAPTERS = ['[chapters...]', 'numbers such as 02; all without any'] as const

const program = new Command('course').description('Keeps the lessons true, and the exercises checked')

program.command('sync').description('bring the source blocks of the lessons up to date')
  .argument(...CHAPTERS)
  .option('--check', 'only report those that differ; exit code 1 if there are any')
  .action((chapters: string[], { check = false }: { check?: boolean }) =>
    main('course', async () => sync(lessonsOf(REPOSITORY, chapters), check)))

program.command('lessons').description('run the console blocks of the lessons, and compare')
  .argument(...CHAPTERS)
  .action((chapters: string[]) => main('course', () => lessons(lessonsOf(REPOSITORY, chapters))))

addCheck(program)
addVm(program)
await program.parseAsync()

function sync(all: readonly Lesson[], check: boolean): number {
  if (check) {
    const problems = all.flatMap((lesson) =>
      stale(lesson, sourceBeside(REPOSITORY, lesson.file)).map((block) => formatStale(lesson.file, block)))
    for (const problem of problems) console.error(problem)
    return problems.length > 0 ? 1 : 0
  }
  for (const lesson of all) {
    const count = syncLesson(REPOSITORY, lesson)
    if (count > 0) console.log(`${lesson.file}: ${count} ${count === 1 ? 'block' : 'blocks'} rewritten`)
  }
  return 0
}

async function lessons(all: readonly Lesson[]): Promise<number> {
  let [passed, failed] = [0, 0]
  for (const lesson of all) {
    for await (const run of runLesson(lesson, { repository: REPOSITORY })) {
      report(lesson.file, run)
      run.failures.length > 0 ? failed++ : passed++
    }
  }
  console.log(`${passed} console blocks passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}

function report(file: string, { block, milliseconds, failures }: BlockRun): void {
  const time = `${(milliseconds / 1000).toFixed(2)} s`.padStart(8)
  console.log(`${failures.length > 0 ? pc.red('FAIL') : pc.green('ok  ')} ${time}  ${file}:${block.line}`)
  for (const failure of failures) console.log(formatFailure(file, failure))
}
