// What a lecturer asks of a class's results: how it did, what another grading changes, who has the same answers.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { changes, classView, pairs, report, tokens, type CheckResult, type Result } from '@pocker/grader'
import { command, fill, HALF, inFolder, RIGHT } from './class.ts'

const check = (id: string, verdict: CheckResult['verdict'], message = ''): CheckResult => ({
  id, title: `check ${id}`, points: 1, earned: verdict === 'pass' ? 1 : 0, hidden: false, verdict, ...(message && { message }),
})
const result = (name: string, ...checks: CheckResult[]): Result => ({
  schema: 'pocker/result/v1', name, versions: { submission: 's', exercises: 'e', grader: 'g' },
  report: report([{
    id: '02-uts/x', title: 'x', points: checks.length, earned: checks.filter(({ verdict }) => verdict === 'pass').length,
    unjudged: checks.filter(({ verdict }) => verdict === 'skip' || verdict === 'error').length, checks,
  }]),
})
const CLASS = [
  result('a', check('one', 'pass'), check('two', 'pass')), result('b', check('one', 'pass'), check('two', 'fail', 'got t0123abcd, 5')),
  result('c', check('one', 'fail'), check('two', 'fail', 'got t4567cdef, 7')), result('d', check('one', 'pass'), check('two', 'skip')),
]

test('the class: how the points lie, and which check fails most, with what it says most', () => {
  const { data, lines } = classView(CLASS)
  assert.equal([data.submissions, data.points, data.mean, data.median], [4, 2, 1, 1])
  assert.equal(data.tenths, [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1])
  const [two, one] = data.checks
  assert.equal([two?.id, two?.failed, two?.judged, two?.message, two?.times], ['02-uts/x:two', 2, 3, 'got …, N', 2])
  assert.equal([one?.id, one?.failed, one?.judged], ['02-uts/x:one', 1, 4])
  assert.equal(data.unjudged, ['d'])
  assert.is(lines[0], '4 submissions, 1.0 of 2 points on average, half of them 1 or more')
})

test('another grading: only what changes, with the checks', () => {
  const after = [CLASS[0] as Result, result('b', check('one', 'pass'), check('two', 'pass')), result('e', check('one', 'pass'))]
  assert.equal(changes(CLASS, after), [
    'b  1 → 2 of 2', '    02-uts/x:two  fail → pass', 'e  new: 1 of 1', 'c  is not there any more', 'd  is not there any more',
  ])
  assert.equal(changes(CLASS, CLASS), ['4 submissions, and nothing changes'])
})

test('regrade says what changed since, and keeps what was there with --dry-run', () => inFolder(async (dir) => {
  const words = [dir, '--out', `${dir}/.out`, '--only', '02/hostname']
  fill(dir, { 'a/hostname.ts': HALF, 'b/hostname.ts': RIGHT })
  await command('--all', ...words)
  fill(dir, { 'a/hostname.ts': RIGHT })
  const says = /^a {2}2 → 4 of 4 {2}\(handed in again\)\n {4}02-uts\/hostname:namespace {2}fail → pass\n$/
  assert.match((await command('regrade', ...words, '--dry-run')).out, says)
  assert.match((await command('regrade', ...words)).out, says)
  assert.is((await command('regrade', ...words)).out, '2 submissions, and nothing changes\n')
  const { out } = await command('class', `${dir}/.out`)
  assert.match(out, /^2 submissions, 4\.0 of 4 points on average/)
}))

const STARTER = `// A container.
export function hostname(name: string) {\n  throw new Error('TODO')\n}\n`
const ANSWER = `import { sethostname } from '@pocker/syscalls'
export function hostname(name: string) {
  const steps = []
  for (const part of name.split('.')) { if (part.length > 3) steps.push(sethostname(part)) }
  return { name: 'x', flags: 4n, child: steps.filter((step) => step.args.length === 2) }
}\n`
const RENAMED = `import {sethostname} from "@pocker/syscalls"
/* all mine */ export function hostname(n: string) {
  const list = [] // a list
  for (const bit of n.split(".")) { if (bit.length > 3) list.push(sethostname(bit)); }
  return { name: "y", flags: 4n, child: list.filter((s) => s.args.length === 2) };
}\n`
const OTHER = `import { sethostname, setdomainname } from '@pocker/syscalls'
export function hostname(name: string) {
  const [first, ...rest] = name.split('.')
  if (!first) throw new TypeError('no name')
  return { name: 'x', flags: 4n, child: [sethostname(first), ...(rest.length ? [setdomainname(rest.join('.'))] : [])] }
}\n`

test('names, comments, blanks and quotes do not make an answer another', () => {
  assert.equal(tokens(RENAMED), tokens(ANSWER))
  const found = pairs(new Map([['a', ANSWER], ['b', RENAMED], ['c', OTHER], ['d', STARTER]]), STARTER, 0.5)
  assert.equal(found, [{ a: 'a', b: 'b', overlap: 1 }])
})

test('the starter is nobody\'s work, and what most of a class has is not copied', () => {
  assert.equal(pairs(new Map([['a', STARTER], ['b', STARTER]]), STARTER, 0.1), [])
  const same = new Map(Array.from({ length: 9 }, (_, i) => [`s${i}`, ANSWER]))
  assert.equal(pairs(same, STARTER, 0.1), [])
})

test('similar shows the pairs of a class', () => inFolder(async (dir) => {
  fill(dir, { 'a/hostname.ts': ANSWER, 'b/02-uts/hostname.ts': RENAMED, 'c/hostname.ts': OTHER })
  assert.is((await command('similar', dir, '--only', '02/hostname')).out, '100 %  02-uts/hostname  a  b\n')
}))

test.run()
