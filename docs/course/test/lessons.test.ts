// Every lesson of the course: its source blocks show the source, its console blocks do what they show.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { lessonFiles, lessonsOf, REPOSITORY, sourceBeside } from '../src/chapters.ts'
import { formatFailure, runLesson, type BlockRun } from '../src/console.ts'
import { formatStale, stale } from '../src/regions.ts'
import { mismatch, type ExpectedLine } from '../src/transcript.ts'
import type { Lesson } from '../src/lesson.ts'

const files = lessonFiles(REPOSITORY)
const lessonAt = (i: number): Lesson => lessonsOf(REPOSITORY, [files[i]?.split('/')[1] ?? ''])[0] as Lesson

/** Begun one ahead: a machine of two processors has room for two shells that start programs one after the other. */
const begun = new Map<number, Promise<BlockRun[]>>()
function begin(i: number): Promise<BlockRun[]> {
  const there = begun.get(i)
  if (there || i >= files.length) return there ?? Promise.resolve([])
  const run = whole(lessonAt(i))
  run.catch(() => {}) // whoever asks for it hears of it
  begun.set(i, run)
  return run
}

/** The long run takes the npx that a student has. */
const isQuick = process.env['POCKER_TEST_LONG'] !== '1'

async function whole(lesson: Lesson): Promise<BlockRun[]> {
  const runs: BlockRun[] = []
  for await (const run of runLesson(lesson, { repository: REPOSITORY, isQuick })) runs.push(run)
  return runs
}

for (const [i, file] of files.entries()) {
  const read = (): Lesson => lessonAt(i)
  let runs: BlockRun[] = []

  test(`${file} can be read, and its source blocks show the source`, () => {
    const lesson = read()
    assert.equal(stale(lesson, sourceBeside(REPOSITORY, file)).map((block) => formatStale(file, block)), [])
  })

  rootTest(test, `${file}: its console blocks do what they show`, async () => {
    const run = begin(i)
    begin(i + 1)
    runs = await run
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
