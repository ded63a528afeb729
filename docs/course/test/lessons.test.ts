// Every lesson of the course: its source blocks show the source, its console blocks do what they show.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { lessonFiles, lessonsOf, REPOSITORY, sourceBeside } from '../src/chapters.ts'
import { formatFailure, runLesson, type BlockRun } from '../src/console.ts'
import { formatStale, stale } from '../src/regions.ts'
import { mismatch, type ExpectedLine } from '../src/transcript.ts'
import type { Lesson } from '../src/lesson.ts'

for (const file of lessonFiles(REPOSITORY)) {
  const [, chapter = ''] = file.split('/')
  const read = (): Lesson => lessonsOf(REPOSITORY, [chapter])[0] as Lesson
  let runs: BlockRun[] = []

  test(`${file} can be read, and its source blocks show the source`, () => {
    const lesson = read()
    assert.equal(stale(lesson, sourceBeside(REPOSITORY, file)).map((block) => formatStale(file, block)), [])
  })

  rootTest(test, `${file}: its console blocks do what they show`, async () => {
    runs = []
    for await (const run of runLesson(read(), { repository: REPOSITORY })) runs.push(run)
    assert.equal(runs.flatMap(({ failures }) => failures.map((failure) => formatFailure(file, failure))), [])
  })

  rootTest(test, `${file}: a change of any expected line would be noticed`, () => {
    const unnoticed = runs.flatMap(({ answers }) => answers).flatMap(({ exchange: { expected }, output }) =>
      expected.filter((_, i) => mismatch(altered(expected, i), output) === undefined))
    assert.equal(unnoticed, [])
  })
}

function altered(lines: readonly ExpectedLine[], at: number): ExpectedLine[] {
  return lines.map((line, i) => (i === at ? { ...line, text: `${line.text} altered` } : line))
}

test.run()
