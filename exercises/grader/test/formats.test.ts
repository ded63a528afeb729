// Each format against its written-down shape, with a result that has every verdict and every character that hurts.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FORMATS, report, type CheckResult, type Format, type Result } from '@pocker/grader'
import { command, fill, inFolder, RIGHT } from './class.ts'

const HURTS = 'got <b>&"\'\n::error::x\r\n```\n%0A, ]]> \u0000\u001b[31m\ud800 =1'
const check = (id: string, verdict: CheckResult['verdict'], more: Partial<CheckResult> = {}): CheckResult => ({
  id, title: `a check that ${id}`, points: 2, earned: verdict === 'pass' ? 2 : 0, hidden: false, verdict, ...more,
})
const RESULT: Result = {
  schema: 'pocker/result/v1', name: 'alice <&"> |', versions: { submission: 's', exercises: 'e', grader: 'g' },
  report: report([
    {
      id: '02-uts/hostname', title: 'A | name', points: 6, earned: 2, unjudged: 0,
      checks: [
        check('passes', 'pass'), check('fails: a, b', 'fail', { message: HURTS, expected: 'x', seen: 'y', hint: 'think', lesson: 'chapters/02-uts/README.md#the-code' }),
        check('hides', 'fail', { hidden: true, message: 'hidden' }),
      ],
    },
    { id: '03-pid/x', title: 'More', points: 4, earned: 0, unjudged: 4, checks: [check('lacks', 'skip', { message: 'no groups' }), check('breaks', 'error', { message: 'oops' })] },
  ]),
}

/** JSON, as a table: what a field must be. */
type Shape = 'string' | 'number' | 'integer' | 'boolean' | 'strings' | readonly string[] | readonly { readonly [key: string]: Shape }[] | { readonly [key: string]: Shape }
function conforms(value: unknown, shape: Shape, path = '$'): void {
  if (shape === 'strings') return assert.ok(Array.isArray(value) && value.every((item) => typeof item === 'string'), path)
  if (typeof shape === 'string') {
    const fits = shape === 'integer' ? Number.isInteger(value) : typeof value === shape
    return assert.ok(fits, `${path}: expected ${shape}, got ${JSON.stringify(value)}`)
  }
  if (Array.isArray(shape)) {
    if (typeof shape[0] === 'string') return assert.ok(shape.includes(value as string), `${path}: expected ${shape.join('|')}, got ${JSON.stringify(value)}`)
    assert.ok(Array.isArray(value), path)
    return (value as unknown[]).forEach((item, i) => conforms(item, shape[0] as Shape, `${path}[${i}]`))
  }
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), path)
  const fields = value as Record<string, unknown>
  for (const [name, inner] of Object.entries(shape)) {
    const optional = name.endsWith('?')
    const key = optional ? name.slice(0, -1) : name
    if (optional && fields[key] === undefined) continue
    assert.ok(Object.hasOwn(fields, key), `${path}: expected a field ${key}`)
    conforms(fields[key], inner as Shape, `${path}.${key}`)
  }
  const known = new Set(Object.keys(shape).map((name) => name.replace('?', '')))
  assert.equal(Object.keys(fields).filter((key) => !known.has(key)), [], `${path}: fields that nobody knows`)
}

const format = (name: Format, result = RESULT): string => FORMATS[name](result)
const FORMAT = ['text', 'html', 'simple_format', 'md', 'ansi']
const SEEN = ['hidden', 'after_due_date', 'after_published', 'visible']

test('JSON is the model itself', () => {
  assert.equal(JSON.parse(format('json')), JSON.parse(JSON.stringify(RESULT)))
  const checks: Shape = [{
    id: 'string', title: 'string', points: 'number', earned: 'number', hidden: 'boolean', verdict: ['pass', 'fail', 'skip', 'error'],
    'message?': 'string', 'expected?': 'string', 'seen?': 'string', 'hint?': 'string', 'lesson?': 'string',
  }]
  conforms(JSON.parse(format('json')), {
    schema: ['pocker/result/v1'], name: 'string', versions: { submission: 'string', exercises: 'string', grader: 'string' }, 'fault?': 'string',
    report: {
      schema: ['pocker/grade/v1'], points: 'number', earned: 'number', unjudged: 'number',
      exercises: [{ id: 'string', title: 'string', points: 'number', earned: 'number', unjudged: 'number', checks }],
    },
  })
})

test('Gradescope: results.json has scores, statuses and visibilities that Gradescope knows', () => {
  const parsed = JSON.parse(format('gradescope')) as { score: number; tests: { score?: number; max_score?: number; visibility: string; status?: string }[] }
  conforms(parsed, {
    score: 'number', output: 'string', output_format: FORMAT, visibility: SEEN, stdout_visibility: SEEN,
    tests: [{
      name: 'string', name_format: FORMAT, number: 'string', 'score?': 'number', 'max_score?': 'number', 'status?': ['passed', 'failed'],
      output: 'string', output_format: FORMAT, visibility: SEEN, tags: 'strings',
    }],
  })
  assert.is(parsed.score, 2)
  assert.equal(parsed.tests.map(({ score, max_score: most, status, visibility }) => [score, most, status, visibility]), [
    [2, 2, 'passed', 'visible'], [0, 2, 'failed', 'visible'], [0, 2, 'failed', 'after_due_date'],
    [undefined, undefined, undefined, 'visible'], [undefined, undefined, undefined, 'visible'],
  ])
})

test('Classroom 50: result.json has the fields of classroom50/result/v1, and integer scores that add up', () => {
  const parsed = JSON.parse(format('classroom50')) as { 'score': number; 'max-score': number; 'datetime': string; 'tests': { 'score': number; 'max-score': number }[] }
  conforms(parsed, {
    'schema': ['classroom50/result/v1'], 'classroom': 'string', 'assignment': 'string', 'submission': 'string', 'commit': 'string',
    'release': 'string', 'review': 'string', 'datetime': 'string', 'score': 'integer', 'max-score': 'integer',
    'tests': [{ 'test-name': 'string', 'passed': 'boolean', 'score': 'integer', 'max-score': 'integer' }],
  })
  assert.match(parsed.datetime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.is(parsed.score, parsed.tests.reduce((all, one) => all + one.score, 0))
  assert.is(parsed['max-score'], parsed.tests.reduce((all, one) => all + one['max-score'], 0))
  const half = { ...RESULT, report: report([{ ...RESULT.report.exercises[0], checks: [check('halves', 'pass', { points: 1.5, earned: 1.5 })] } as never]) }
  assert.throws(() => format('classroom50', half), /expected whole points, got 1.5/)
})

test('JUnit XML is XML, with the counts of its cases', () => {
  const xml = format('junit')
  const parse = 'import sys, json, xml.etree.ElementTree as E; r = E.fromstring(sys.stdin.buffer.read()); '
    + 'print(json.dumps([r.tag, r.attrib, [[s.attrib, [[c.attrib["name"], c.attrib["classname"], [e.tag for e in c]] for c in s.iter("testcase")]] for s in r]]))'
  const { stdout, stderr } = spawnSync('python3', ['-c', parse], { input: xml, encoding: 'utf8' })
  const [tag, counts, suites] = JSON.parse(stdout || JSON.stringify(stderr)) as [string, Record<string, string>, [Record<string, string>, [string, string, string[]][]][]]
  assert.is(tag, 'testsuites')
  assert.equal(counts, { name: RESULT.name, tests: '5', failures: '2', errors: '1', skipped: '1' })
  assert.equal(suites.map(([{ name, tests, failures }]) => [name, tests, failures]), [['02-uts/hostname', '3', '2'], ['03-pid/x', '2', '0']])
  assert.equal(suites.flatMap(([, cases]) => cases.map(([, at, inside]) => [at, ...inside])), [
    ['02-uts.hostname'], ['02-uts.hostname', 'failure'], ['02-uts.hostname', 'failure'], ['03-pid.x', 'skipped'], ['03-pid.x', 'error'],
  ])
})

test('Markdown has a row for each exercise, and what a program printed closes no block', () => {
  const text = format('markdown')
  assert.match(text, '# alice \\<\\&"\\> \\|: 2 of 10 points\n')
  assert.match(text, '| 02-uts/hostname | A \\| name | 2 | 6 |\n')
  assert.match(text, '\n4 points could not be judged here')
  assert.match(text, '  ````text\n  got <b>')
})

test('GitHub: every failed check is one annotation on the answer, and nothing that a program printed begins another', () => {
  const lines = format('github').trimEnd().split('\n')
  assert.equal(lines.map((line) => line.split(' ')[0]), ['::error', '::error', '::warning', '::warning', '::notice'])
  assert.ok(lines[0]?.startsWith('::error file=exercises/02-uts/hostname.ts,line=1,title=02-uts/hostname%3A a check that fails%3A a%2C b::got <b>'))
  assert.match(lines[0] ?? '', '%0A::error::x%0D%0A')
  assert.match(lines[0] ?? '', '%250A')
  assert.is(lines.at(-1), '::notice title=points::2 of 10 points')
})

test('GitHub: the summary of the step is appended to its file', () => inFolder(async (dir) => {
  fill(dir, { 'hostname.ts': RIGHT, 'summary.md': 'before\n' })
  process.env['GITHUB_STEP_SUMMARY'] = join(dir, 'summary.md')
  try {
    await command(dir, '--only', '02/hostname', '--format', 'github', '--output', join(dir, 'log'))
  } finally {
    delete process.env['GITHUB_STEP_SUMMARY']
  }
  assert.match(readFileSync(join(dir, 'summary.md'), 'utf8'), /^before\n# .*: 4 of 4 points\n/)
  assert.is(readFileSync(join(dir, 'log'), 'utf8'), '::notice title=points::4 of 4 points\n')
}))

test('CSV is a gradebook of one row', () => {
  assert.is(format('csv'), '"name","earned","points","not judged","02-uts/hostname","03-pid/x"\r\n"alice <&""> |",2,10,4,2,0\r\n')
})

test('every format is written whole to a file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-class-'))
  fill(dir, { 'hostname.ts': RIGHT })
  for (const name of ['junit', 'gradescope', 'classroom50']) {
    const { code, out } = await command(dir, '--only', '02/hostname', '--format', name, '--output', join(dir, name))
    assert.is(code, 0)
    assert.is(out, '')
    assert.ok(readFileSync(join(dir, name), 'utf8').endsWith('\n'))
  }
  rmSync(dir, { recursive: true })
})

test.run()
