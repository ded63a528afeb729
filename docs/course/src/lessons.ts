// What keeps the lessons true. Problems are printed as file:line: what.
//
//   course sync [--check] [NN...]   source blocks: rewrite those that differ, or only report them
//   course lessons [NN...]          console blocks: run them, each lesson in a fresh container
import pc from 'picocolors'
import { lessonsOf, REPOSITORY, sourceBeside, syncLesson } from './chapters.ts'
import { formatFailure, runLesson, type BlockRun } from './console.ts'
import { formatStale, stale } from './regions.ts'

/** @returns an exit code */
export function sync(chapters: readonly string[], check: boolean): number {
  const all = lessonsOf(REPOSITORY, chapters)
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

/** @returns an exit code */
export async function lessons(chapters: readonly string[]): Promise<number> {
  let [passed, failed] = [0, 0]
  for (const lesson of lessonsOf(REPOSITORY, chapters)) {
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
