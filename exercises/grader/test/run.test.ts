// The command `grade`: one submission, a class, parts of it, a run that was killed, and what is used again.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownedName } from '@pocker/pid'
import { csv, fileOf, merge, report, results, run, save, share, type Result } from '@pocker/grader'
import { command, copyAnswers, course, fill, HALF, inFolder, RIGHT, start } from './class.ts'
import { traces } from './fixtures.ts'

const before = traces()
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')
const options = { jobs: 2, seconds: 10, only: '02/hostname' }
const ONLY = ['--only', '02/hostname']

test('an answer is found where a student may have put it', () => inFolder(async (dir) => {
  const places = { checkout: 'exercises/02-uts/hostname.ts', chapter: '02-uts/hostname.ts', flat: 'hostname.ts' }
  for (const [name, path] of Object.entries(places)) fill(join(dir, name), { [path]: RIGHT })
  fill(join(dir, 'nothing'), { 'README.md': '' })
  fill(join(dir, 'both'), { 'hostname.ts': HALF, 'exercises/02-uts/hostname.ts': RIGHT })
  const found = (await import('@pocker/grader')).submissions(dir)
  const done = await run(found, course(options.only), { ...options, out: join(dir, '.out') })
  const points = Object.fromEntries(done.map(({ name, report: { earned } }) => [name, earned]))
  assert.equal(points, { both: 4, chapter: 4, checkout: 4, flat: 4, nothing: 0 })
  const [first] = done.find(({ name }) => name === 'nothing')?.report.exercises[0]?.checks ?? []
  assert.is(first?.message, 'expected an answer in hostname.ts, got no such file')
}))

test('one submission is printed, and what an answer imports comes with it', () => inFolder(async (dir) => {
  const moved = RIGHT.replace('export const hostname', 'export const other')
  fill(dir, { '02-uts/parts/other.ts': moved, '02-uts/hostname.ts': "export { other as hostname } from './parts/other.ts'\n" })
  const { code, out } = await command(dir, ...ONLY)
  assert.match(out, /4 of 4 points\n$/)
  assert.is(code, 0)
  const { out: json } = await command(dir, ...ONLY, '--format', 'json')
  assert.is((JSON.parse(json) as Result).report.earned, 4)
}))

test('a command line that asks for what is not there is told so, and ends with 2', async () => {
  for (const [words, says] of [
    [['/nowhere'], 'expected the folder of a submission, got /nowhere'],
    [['--all', '/nowhere', '--out', '/tmp'], 'got /nowhere, which does not exist'],
    [['/etc/passwd'], 'expected the folder of a submission, got /etc/passwd, which is none'],
    [['--all', '/etc/passwd', '--out', '/tmp'], 'got /etc/passwd, which is none'],
    [['--all', '/proc/self/fdinfo', '--out', '/tmp'], 'expected a folder for each submission in /proc/self/fdinfo, got none'],
    [['/tmp', '--only', '99'], 'got 99'],
    [['merge', '/tmp', '--out', '/tmp'], 'which has no results/'],
    [[], 'see grade --help'],
  ] as const) {
    const { code, err } = await command(...words)
    assert.is(code, 2, err)
    assert.ok(err.startsWith('grade: ') && err.includes(says), err)
  }
})

test('a submission whose name cannot be written down is not taken for an empty one', () => inFolder(async (dir) => {
  mkdirSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff])]))
  const { code, err } = await command('--all', dir, '--out', join(dir, '.out'))
  assert.is(code, 2)
  assert.match(err, /^grade: --all: expected names in UTF-8, got [^\n]*: rename it\n/)
}))

test('shards put together are the whole, to the byte', () => inFolder(async (dir) => {
  for (let i = 0; i < 5; i++) fill(join(dir, 'class', `s${i}`), { 'hostname.ts': i % 2 ? HALF : RIGHT })
  const all = ['--all', join(dir, 'class'), ...ONLY]
  assert.is((await command(...all, '--out', join(dir, 'whole'), '--jobs', '2')).code, 0)
  for (const i of [1, 2, 3]) assert.is((await command(...all, '--out', join(dir, `part${i}`), '--shard', `${i}/3`)).code, 0)
  const parts = [1, 2, 3].map((i) => join(dir, `part${i}`))
  const { out } = await command('merge', ...parts, '--out', join(dir, 'merged'))
  assert.match(out, /^5 submissions in /)
  for (const file of ['gradebook.csv', 'gradebook.json']) assert.is(read(dir, 'merged', file), read(dir, 'whole', file))
  assert.match(read(dir, 'whole/gradebook.csv'), '"s1",2,4,0,2\r\n')
}))

test('a shard of a small class may be empty; what is no folder is passed over, and named', () => inFolder(async (dir) => {
  fill(dir, { 'class/one/hostname.ts': RIGHT, 'class/two.zip': '' })
  const all = ['--all', join(dir, 'class'), ...ONLY]
  for (const i of [1, 2]) {
    const { code, err } = await command(...all, '--out', join(dir, `part${i}`), '--shard', `${i}/2`)
    assert.is(code, 0, err)
    assert.match(err, /^passed over, since no folder: two\.zip\n/)
  }
  const { out } = await command('merge', join(dir, 'part1'), join(dir, 'part2'), '--out', join(dir, 'merged'))
  assert.match(out, /^1 submissions in /)
}))

test('copies of graders that are gone are removed: one\'s own, and of this PID namespace', () => inFolder(async (dir) => {
  const gone = ownedName('').replace(/^\d+/, String(2 ** 22 + 1)) // there is no such process
  const [mine, elsewhere] = [gone, gone.replace(/\.\d+\.(\d+)-$/, '.1.$1-')].map((name) => join(tmpdir(), `pocker-handed-${name}test`))
  for (const copy of [mine, elsewhere]) mkdirSync(copy ?? '')
  try {
    await run([], course(options.only), { ...options, out: dir })
    assert.equal([mine, elsewhere].map((copy) => existsSync(copy ?? '')), [false, true])
  } finally {
    rmSync(elsewhere ?? '', { recursive: true, force: true })
  }
}))

test('a shard is a part, every submission in one of them', () => {
  const all = [...'abcdefg']
  assert.equal([1, 2, 3].flatMap((i) => share(all, `${i}/3`)).toSorted(), all)
  for (const wrong of ['0/3', '4/3', '1', 'a/b', '1/0']) assert.throws(() => share(all, wrong), /--shard: expected i\/n/)
})

test('a run that is killed loses nothing, and grades nothing twice', () => inFolder(async (dir) => {
  const [submitted, out] = [join(dir, 'class'), join(dir, 'out')]
  for (let i = 0; i < 8; i++) fill(join(submitted, `s${i}`), { 'hostname.ts': i % 2 ? HALF : RIGHT })
  const words = ['--all', submitted, '--out', out, '--jobs', '2', ...ONLY]
  const there = (): string[] => {
    try {
      return readdirSync(join(out, 'results')).filter((file) => file.endsWith('.json'))
    } catch {
      return []
    }
  }
  const child = start(...words)
  const over = new Promise((resolve) => child.on('close', resolve)) // its workers have ended, too: they hold its stderr
  while (there().length < 2 && child.exitCode === null) await pause(5)
  child.kill('SIGKILL')
  await over
  const first = there()
  assert.ok(first.length >= 2 && first.length < 8, `${first.length} results`)
  const stamps = first.map((file) => statSync(join(out, 'results', file)).ino)
  const { code, err } = await command(...words)
  assert.is(code, 0, err)
  assert.is(err.split('(as before)').length - 1, first.length)
  assert.equal(first.map((file) => statSync(join(out, 'results', file)).ino), stamps)
  assert.is(results(out).length, 8)
  assert.match(read(out, 'gradebook.csv'), /"s7",2,4,0,2\r\n$/)
}))

test('a result is used again only for the same files, checks and grader, and never if the grader failed', () => inFolder(async (dir) => {
  const out = join(dir, '.out')
  fill(join(dir, 'a'), { 'hostname.ts': RIGHT })
  const reused = async (of = course(options.only)): Promise<boolean> => {
    let again = false
    await run([{ name: 'a', folder: join(dir, 'a') }], of, { ...options, out, onResult: (_, { reused: used }) => { again = used } })
    return again
  }
  assert.is(await reused(), false)
  assert.is(await reused(), true)
  writeFileSync(join(dir, 'a/README.md'), 'what is not graded')
  assert.is(await reused(), true)
  writeFileSync(join(dir, 'a/hostname.ts'), HALF)
  assert.is(await reused(), false)
  assert.is(await reused(), true)
  for (const part of ['exercises', 'grader']) {
    const other = course(options.only)
    // The worker knows the real versions: what it grades is not used for these either.
    assert.is(await reused({ ...other, versions: { ...other.versions, [part]: 'changed' } }), false)
  }
  assert.is(await reused(), true)
  writeFileSync(fileOf(out, 'a'), '{"half a result')
  assert.is(await reused(), false)
  const [good] = results(out)
  save(out, { ...good as Result, fault: 'the grader failed: oops' })
  assert.is(await reused(), false)
}))

test('a grader that does not come to an end costs no points, and not the others\' results', () => inFolder(async (dir) => {
  fill(join(dir, 'a'), { 'hostname.ts': RIGHT })
  const [late] = await run([{ name: 'a', folder: join(dir, 'a') }], course(options.only), { ...options, out: join(dir, '.out'), deadline: 0.001 })
  assert.is(late?.fault, 'the grader took longer than 0.001 s')
  assert.is(late?.report.unjudged, 4)
  assert.equal(late?.report.exercises[0]?.checks.map(({ verdict }) => verdict), ['error', 'error', 'error'])
  const [again] = await run([{ name: 'a', folder: join(dir, 'a') }], course(options.only), { ...options, out: join(dir, '.out') })
  assert.is(again?.report.earned, 4)
}))

const made = (name: string, earned: number, versions: Partial<Result['versions']> = {}): Result => ({
  schema: 'pocker/result/v1', name, versions: { submission: 's', exercises: 'e', grader: 'g', ...versions },
  report: report([{ id: '02-uts/x', title: 'x', points: 4, earned, unjudged: 0, checks: [] }]),
})

test('results of different versions, or that disagree, are not put together', () => inFolder(async (dir) => {
  save(join(dir, 'a'), made('x', 1))
  save(join(dir, 'b'), made('y', 1, { grader: 'other' }))
  assert.throws(() => merge([join(dir, 'a'), join(dir, 'b')], join(dir, 'c')), /one version of the grader, got 2, for example at x and y/)
  save(join(dir, 'd'), made('x', 2))
  assert.throws(() => merge([join(dir, 'a'), join(dir, 'd')], join(dir, 'c')), /one result for x, got two that differ/)
  save(join(dir, 'e'), { ...made('x', 0), fault: 'power cut' })
  assert.is(merge([join(dir, 'e'), join(dir, 'a')], join(dir, 'c')).rows[0]?.earned, 1)
  writeFileSync(fileOf(join(dir, 'c'), 'x'), '{"schema":')
  assert.throws(() => results(join(dir, 'c')), /expected a result in [^ ]*x\.json, got something else: remove it, and grade again/)
}))

test('a name is no formula, and no path', () => inFolder(async (dir) => {
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', ' =1', 'a"b,c', '..', 'a/../../b', 'ü'.repeat(100), '\t=1']
  for (const name of names) save(dir, made(name, 1))
  assert.equal(results(dir).map(({ name }) => name).toSorted(), names.toSorted())
  assert.is(readdirSync(join(dir, 'results')).length, names.length)
  const rows = csv({ schema: 'pocker/gradebook/v1', rows: names.map((name) => ({ name, earned: 1, points: 4, unjudged: 0, exercises: {} })) })
  assert.equal(rows.split('\r\n').slice(1, 7), [
    `"'=1+1",1,4,0`, `"'+1",1,4,0`, `"'-1",1,4,0`, `"'@SUM(A1)",1,4,0`, `"' =1",1,4,0`, '"a""b,c",1,4,0',
  ])
}))

test('a link leads to no points, wherever it stands', () => inFolder(async (dir) => {
  const solutions = join(import.meta.dirname, '../../../solutions')
  mkdirSync(join(dir, 'whole/exercises'), { recursive: true })
  symlinkSync(join(solutions, '02-uts'), join(dir, 'whole/exercises/02-uts'))
  mkdirSync(join(dir, 'chapter'))
  symlinkSync(join(solutions, '02-uts'), join(dir, 'chapter/02-uts'))
  mkdirSync(join(dir, 'answer'))
  symlinkSync(join(solutions, '02-uts/hostname.ts'), join(dir, 'answer/hostname.ts'))
  fill(join(dir, 'beside'), { 'hostname.ts': "export * from './there/hostname.ts'\n" })
  symlinkSync(join(solutions, '02-uts'), join(dir, 'beside/there'))
  symlinkSync(solutions, join(dir, 'submission'))
  const names = ['whole', 'chapter', 'answer', 'beside']
  const { submissions } = await import('@pocker/grader')
  assert.equal(submissions(dir).map(({ name }) => name), names.toSorted())
  const done = await run(submissions(dir), course(options.only), { ...options, out: join(dir, '.out') })
  assert.equal(done.map(({ report: { earned, unjudged } }) => [earned, unjudged]), names.map(() => [0, 0]))
  const said = Object.fromEntries(done.map(({ name, report: { exercises } }) => [name, exercises[0]?.checks[0]?.message]))
  assert.is(said['whole'], 'expected a file, got a symbolic link: exercises/02-uts')
  assert.is(said['answer'], 'expected a file, got a symbolic link: hostname.ts')
}))

test('the whole of a chapter, by exercise and by check', () => inFolder(async (dir) => {
  copyAnswers('solutions', '02-uts', join(dir, 'all'))
  copyAnswers('exercises', '02-uts', join(dir, 'none'))
  const { code } = await command('--all', dir, '--out', join(dir, '.out'), '--only', '02')
  assert.is(code, 0)
  assert.is(read(dir, '.out/gradebook.csv'), [
    '"name","earned","points","not judged","02-uts/hostname","02-uts/names"', '"all",10,10,0,4,6', '"none",0,10,0,0,0', '',
  ].join('\r\n'))
}))

test('doctor says of each thing whether it is there, and what to do about the rest', async () => {
  const { out } = await command('doctor', '--json')
  const findings = JSON.parse(out) as { name: string; state: string; found: string; remedy?: string }[]
  for (const name of ['kernel', 'root', 'user namespaces', 'box', 'sandbox', 'cgroups', 'overlay', 'nftables', 'kvm']) {
    assert.ok(findings.find((one) => one.name === name)?.found, name)
  }
  for (const { state, remedy, name } of findings) assert.ok(state === 'ok' || remedy, name)
  const { out: text } = await command('doctor')
  assert.match(text, /^✓ kernel +Linux /)
})

test('nothing is left behind', () => {
  assert.equal(traces(), before)
})

test.run()
