// Answers that mean harm, or make the mistakes that look like it: each costs its own points, and nothing else.
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grade, ROOT } from '@pocker/grader'
import { CASES, returning } from './hostile.ts'
import { exercise, failed, gradeText, messages, traces } from './fixtures.ts'

const before = traces()
for (const { what, answer, earned, says, seen, seconds, exercise: id } of CASES) {
  test(`an answer that ${what} gets ${earned} points`, async () => {
    const result = await gradeText(answer, seconds, id)
    assert.is(result.earned, earned, messages(result).join('\n'))
    assert.is(result.unjudged, 0, messages(result).join('\n'))
    if (says) assert.ok(messages(result).some((message) => says.test(message)), messages(result).join('\n'))
    if (seen) assert.ok(result.checks.some((check) => check.seen === seen), result.checks.map((check) => check.seen).join('\n'))
    assert.is(Object.hasOwn(Object.prototype, 'points'), false)
  })
}

test('an answer without the flag leaves the machine its name', async () => {
  const name = hostname()
  const result = await gradeText(returning('{ ...right(name), flags: 0n }'))
  assert.equal(failed(result), ['namespace'])
  assert.is(hostname(), name)
})

test('a symbolic link is no answer, and leads to none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pocker-answer-'))
  try {
    symlinkSync(join(ROOT, 'solutions/02-uts/hostname.ts'), join(folder, 'hostname.ts'))
    const result = await grade(exercise('02-uts/hostname'), join(folder, 'hostname.ts'))
    assert.is(result.earned, 0)
    assert.is(messages(result)[0], 'expected a file, got a symbolic link: hostname.ts')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the same answer gets the same score twice', async () => {
  const answer = returning("right('box')")
  const [first, second] = [await gradeText(answer), await gradeText(answer)]
  assert.equal(failed(first), failed(second))
  assert.is(first.earned, second.earned)
})

test('no answer has written a file of the machine', () => {
  assert.is(existsSync('/tmp/pocker-forged'), false)
})

test('nothing is left behind: no process, mount, descriptor or temporary folder', () => {
  assert.equal(traces(), before)
})

test.run()
