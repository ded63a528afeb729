// The score matrix: what the starter, the solution and each wrong answer get, for every exercise on disk.
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grade, ROOT, type Check, type ExerciseResult } from '@pocker/grader'
import { all, failed, messages, traces, wrongAnswers } from './fixtures.ts'

const before = traces()

for (const exercise of all) {
  const { id, chapter, name, checks, hidden, points } = exercise
  const wrong = new Map<string, ExerciseResult>()
  const every: readonly Check[] = [...checks, ...hidden]

  test(`${id}: its points are those of its checks, and a check's name is used once`, () => {
    assert.is(every.reduce((sum, check) => sum + check.points, 0), points)
    assert.is(new Set(every.map((check) => check.id)).size, every.length)
  })

  test(`${id}: the starter gets 0 points, and is told what is to do`, async () => {
    const result = await grade(exercise, join(ROOT, 'exercises', chapter, `${name}.ts`))
    assert.is(result.earned, 0)
    assert.is(result.unjudged, 0)
    assert.match(messages(result)[0] ?? '', `${name}() threw Error: TODO: `)
  })

  test(`${id}: the solution gets all points`, async () => {
    const result = await grade(exercise, join(ROOT, 'solutions', chapter, `${name}.ts`))
    assert.is(result.earned, points, messages(result).join('\n'))
  })

  test(`${id}: there are three wrong answers or more, and one of them is the chapter's own package`, () => {
    const answers = wrongAnswers(exercise)
    assert.ok(answers.length >= 3)
    assert.ok(answers.some(({ score, says }) => score === 0 && says.startsWith('an answer may not import')))
  })

  for (const answer of wrongAnswers(exercise)) {
    test(`${id}: ${answer.wrong}: ${answer.score} points`, async () => {
      const result = await grade(exercise, answer.file)
      wrong.set(answer.file, result)
      assert.is(result.earned, answer.score, messages(result).join('\n'))
      assert.is(result.unjudged, 0, messages(result).join('\n'))
      assert.ok(messages(result).some((message) => message.includes(answer.says)), messages(result).join('\n'))
    })
  }

  test(`${id}: every check is the only one that fails for some wrong answer`, () => {
    const alone = new Set([...wrong.values()].map(failed).filter(({ length }) => length === 1).flat())
    assert.equal(every.map((check) => check.id).filter((check) => !alone.has(check)), [])
  })

  test(`${id}: every failure has a hint and a place in the lesson`, () => {
    const failures = [...wrong.values()].flatMap((result) => result.checks).filter(({ verdict }) => verdict === 'fail')
    for (const { hint, lesson } of failures) {
      assert.ok(hint)
      assert.match(lesson ?? '', new RegExp(`^chapters/${chapter}/README\\.md#`))
    }
  })
}

test('nothing is left behind, and the machine has its name', () => {
  assert.equal(traces(), before)
})

test.run()
