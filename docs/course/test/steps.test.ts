// Steps of a lecture: every one of them compiles, the last is the solution, and points only grow.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exercises, grade } from '@pocker/grader'
import { rootTest } from '@pocker/testing'
import { REPOSITORY } from '../src/chapters.ts'
import { stepsOf, usedImports, withoutMarkers } from '../src/live/steps.ts'
import { solutionFile, starterOf } from '../src/work.ts'

const all = await exercises()
const marked = all.filter((exercise) => {
  const file = solutionFile(REPOSITORY, exercise)
  return existsSync(file) && /^\s*\/\/ step( \d+)?: /m.test(readFileSync(file, 'utf8'))
})
const SOLUTION = `import { a, b, c } from 'x'
export const f = () => {
  // step 2: check first
  //   or it is too late
  c()
  // step 1: the list
  return [
    a,
    // step 3: more
    b,
  ]
}
`

test('a step in a step comes later, its block closes with the outer one, and a number says where it belongs', () => {
  const steps = stepsOf('starter\n', SOLUTION)
  assert.equal(steps.map(({ why }) => why), [['The starter.'], ['the list'], ['check first', 'or it is too late'], ['more']])
  assert.is(steps[1]?.text, 'import { a } from \'x\'\nexport const f = () => {\n  return [\n    a,\n  ]\n}\n')
  assert.is(steps[3]?.text, withoutMarkers(SOLUTION))
  assert.not.match(withoutMarkers(SOLUTION), /step|too late/)
})

test('names that are not used are not imported, and a type is a name, too', () => {
  assert.is(usedImports('import { a, type B } from \'x\'\nimport { c } from \'y\'\nlet d: B\n'), 'import { type B } from \'x\'\nlet d: B\n')
  assert.is(usedImports('import type {\n  B, C,\n} from \'x\'\nlet d: B\n'), 'import type { B } from \'x\'\nlet d: B\n')
})

test('a solution without marks is one step', () => {
  assert.equal(stepsOf('// TODO\n', 'export const a = 1\n'), [
    { why: ['The starter.'], text: '// TODO\n' },
    { why: ['The solution, in which no steps are marked.'], text: 'export const a = 1\n' },
  ])
})

test('the chapters that a lecture takes live have steps', () => {
  assert.equal([...new Set(marked.map(({ chapter }) => chapter.slice(0, 2)))], ['02', '04', '09', '14', '15', '16'])
})

for (const exercise of marked) {
  const steps = stepsOf(starterOf(REPOSITORY, exercise), readFileSync(solutionFile(REPOSITORY, exercise), 'utf8'))

  test(`${exercise.id}: every step is TypeScript`, () => {
    for (const { text } of steps) transformSync(text, { loader: 'ts' })
  })

  rootTest(test, `${exercise.id}: no step loses points, and the last has all`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'course-steps-'))
    try {
      const points: number[] = []
      for (const { text } of steps) {
        writeFileSync(join(dir, `${exercise.name}.ts`), text)
        points.push((await grade(exercise, join(dir, `${exercise.name}.ts`))).earned)
      }
      assert.equal(points, points.toSorted((a, b) => a - b))
      assert.equal([points[0], points.at(-1)], [0, exercise.points])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
}

test('what `course diff` shows has no marks in it', () => {
  for (const folder of readdirSync(join(REPOSITORY, 'solutions')).filter((name) => /^\d\d/.test(name))) {
    for (const file of readdirSync(join(REPOSITORY, 'solutions', folder)).filter((name) => name.endsWith('.ts'))) {
      assert.not.match(withoutMarkers(readFileSync(join(REPOSITORY, 'solutions', folder, file), 'utf8')), /\/\/ step/)
    }
  }
})

test.run()
