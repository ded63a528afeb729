// The student's progress as a file; the statement, the difference, the tokens and the screen as functions.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exercises, type ExerciseResult, type Verdict } from '@pocker/grader'
import { basis } from '../src/basis.ts'
import { REPOSITORY } from '../src/chapters.ts'
import { difference } from '../src/difference.ts'
import { entryOf, hasPassed, loadProgress, NAME, updateProgress, withHints, withResult } from '../src/progress.ts'
import { framed } from '../src/watch/frame.ts'
import { inOrder, statement } from '../src/work.ts'
import { Latest } from '../src/watch/latest.ts'
import { cut, keysOf, wrap } from '../src/watch/terminal.ts'

let root = ''
test.before.each(() => { root = mkdtempSync(join(tmpdir(), 'course-progress-')) })
test.after.each(() => rmSync(root, { recursive: true }))

const result = (...verdicts: readonly Verdict[]): ExerciseResult => {
  const checks = verdicts.map((verdict, i) => ({
    id: `c${i}`, title: `check ${i}`, points: 1, earned: verdict === 'pass' ? 1 : 0, hidden: false, verdict, message: `why ${verdict}`,
  }))
  const count = (...which: Verdict[]): number => verdicts.filter((verdict) => which.includes(verdict)).length
  return { id: '02-uts/hostname', title: 'A name', points: verdicts.length, earned: count('pass'), unjudged: count('skip', 'error'), checks }
}

test('what was earned is kept, whatever comes later, and only once a run went through is it passed', () => {
  const steps: [ExerciseResult, [number, boolean]][] = [
    [result('fail', 'fail'), [0, false]], [result('pass', 'fail'), [1, false]], [result('pass', 'pass'), [2, true]], [result('fail', 'fail'), [2, true]],
  ]
  for (const [now, expected] of steps) {
    const { progress, notice } = updateProgress(root, (old) => withResult(old, now))
    assert.is(notice, undefined)
    assert.equal(progress.exercises, loadProgress(root).progress.exercises)
    const { earned, passed } = entryOf(progress, now.id)
    assert.equal([earned, passed], expected)
  }
  updateProgress(root, (old) => withHints(old, '02-uts/hostname', 2))
  updateProgress(root, (old) => withHints(old, '02-uts/hostname', 1))
  assert.is(entryOf(loadProgress(root).progress, '02-uts/hostname').hints, 2)
  assert.equal(readdirSync(root), [NAME])
})

test('where all is skipped, nothing is passed; where some is, the rest decides', () => {
  assert.not.ok(hasPassed(result('skip', 'skip')))
  assert.ok(hasPassed(result('pass', 'skip')))
  assert.not.ok(hasPassed(result('pass', 'skip', 'fail')))
})

for (const broken of ['', '{', '[]', 'null', '{"exercises":[]}']) {
  test(`a broken file is kept: ${JSON.stringify(broken)}`, () => {
    writeFileSync(join(root, NAME), broken)
    const { progress, notice = '' } = loadProgress(root)
    assert.equal(progress, { exercises: {} })
    assert.match(notice, /^\.course\.json cannot be read, and is kept as \.course\.json\.bad: ./)
    assert.is(readFileSync(join(root, `${NAME}.bad`), 'utf8'), broken)
  })
}

test('a folder that cannot be written is told, and no reason to stop', () => {
  assert.match(updateProgress('/proc/nowhere', (old) => old).notice ?? '', /^progress was not saved: ENOENT/)
})

test('the report says what its points stand on', () => {
  const of = (one: ExerciseResult) => basis({ schema: 'pocker/grade/v1', points: one.points, earned: one.earned, unjudged: one.unjudged, exercises: [one] })
  assert.equal(of(result('pass', 'fail')), [])
  assert.equal(of(result('pass', 'skip', 'skip')).slice(1, 3), ['These points stand on 1 of 3. The kernel was not asked about 2, in 2 checks:', '  why skip'])
})

test('every exercise has a task and three hints', async () => {
  for (const exercise of await exercises()) {
    const { task, hints, title } = statement(REPOSITORY, exercise)
    assert.ok(task.length > 0 && title !== '', exercise.id)
    assert.is(hints.length, 3, exercise.id)
  }
})

test('a difference holds both texts', () => {
  const cases = [['', ''], ['a\n', ''], ['', 'a\n'], ['a\nb\nc\n', 'b\nc\nd\n'], ['a\nb\n', 'c\nd\n'], ['x\na\ny\n', 'x\nb\ny\n']] as const
  for (const [a, b] of cases) {
    const changes = difference(a, b)
    const side = (sign: string): string => changes.filter((change) => change.sign !== sign).map(({ line }) => `${line}\n`).join('')
    assert.equal([side('+'), side('-')], [a, b])
  }
  assert.equal(difference('x\na\ny\n', 'x\nb\ny\n').map(({ sign }) => sign).join(''), ' -+ ')
})

test('of what is asked for while work is done, the last is done, and never two at once', async () => {
  const [done, waiting]: [string[], (() => void)[]] = [[], []]
  let running = 0
  const latest = new Latest<string>(async (what) => {
    assert.is(++running, 1)
    await new Promise<void>((resolve) => { waiting.push(resolve) })
    done.push(what)
    running--
  })
  const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })
  latest.ask('a')
  await turn()
  for (const what of ['b', 'c', 'd']) latest.ask(what)
  for (let i = 0; i < 2; i++) {
    waiting.shift()?.()
    await turn()
  }
  await latest.idle()
  assert.equal(done, ['a', 'd'])
  assert.not.ok(latest.busy)
})

test('a line is as wide as the terminal, and nothing in it moves the cursor', () => {
  assert.is(cut('a\x1b[2Jb\u0000c', 80), 'a·[2Jb·c')
  assert.is(cut('名前は', 5), '名前')
  assert.equal(wrap('    one two three four five six', 24), ['    one two three four', '    five six'])
  assert.equal(wrap(`- ${'x'.repeat(25)} y`, 20, 2), ['-', `  ${'x'.repeat(18)}`, '  xxxxxxx y'])
  assert.equal(wrap('', 10), [''])
})

test('keys that arrive together are told apart', () => {
  assert.equal(keysOf('n\x1b[Ah\x1b\x1b[6~\r\x03'), ['n', 'up', 'h', 'escape', 'pagedown', 'enter', 'q'])
})

test('exercises come in the order of their README: the easiest first', async () => {
  const all = await inOrder(REPOSITORY)
  assert.equal(all.filter(({ chapter }) => chapter === '00-syscalls').map(({ name }) => name), ['note', 'prepare', 'copied'])
  assert.equal(all.map(({ chapter }) => chapter), all.map(({ chapter }) => chapter).toSorted())
  for (const { chapter, name } of all) {
    assert.match(readFileSync(join(REPOSITORY, 'exercises', chapter, 'README.md'), 'utf8'), `\n## ${name}.ts`, 'without it, it would come first')
  }
})

test('news are seen above the keys, even if more lies below; keys that do not fit go on in the next line', () => {
  const page = Array.from({ length: 30 }, (_, i) => ({ text: `${i}` }))
  const screen = (news: string, columns: number) =>
    framed({ head: 'head', page, scroll: 99, news, down: 'arrow down', otherwise: 'next', keys: 'a first key  b second  c third' }, { columns, rows: 10 })
  assert.equal(screen('', 80).lines.map(({ text }) => text), ['head', '', '24', '25', '26', '27', '28', '29', 'next', 'a first key  b second  c third'])
  assert.is(screen('', 80).scroll, 24)
  assert.equal(screen('Passed.', 22).lines.map(({ text }) => text).slice(-3), ['Passed.', 'a first key  b second', 'c third'])
  assert.is(framed({ head: '', page, scroll: 0, news: '', down: 'arrow down', keys: '' }, { columns: 80, rows: 10 }).lines.at(-2)?.text, '24 more lines: arrow down')
  assert.is(framed({ head: '', page, scroll: 0, news: 'Passed.', down: 'arrow down', keys: '' }, { columns: 80, rows: 10 }).lines.at(-2)?.text, 'Passed.')
})

test.run()
