// What a student types besides `course`: each command as a process of its own, on a small course.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findTree, prepare, roots } from '@pocker/cgroup'
import { examine } from '@pocker/grader'
import { ownedName } from '@pocker/pid'
import { asUser, rootTest, USER } from '@pocker/testing'
import { conclusion } from '../src/doctor.ts'
import { COURSE, smallCourse, solution, type SmallCourse } from './tmux.ts'

const IDS = ['02-uts/hostname', '02-uts/names'] as const
let small: SmallCourse
test.before.each(() => { small = smallCourse(IDS) })
test.after.each(() => small.remove())

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const { FORCE_COLOR: _, ...rest } = process.env
  return { ...rest, NO_COLOR: '1', POCKER_COURSE: small.root, ...more }
}
const course = (words: readonly string[], more: NodeJS.ProcessEnv = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COURSE, ...words], { encoding: 'utf8', env: env(more), input: '' })
  return { status, stdout, stderr }
}

test('without a terminal, `course` says what to type instead', () => {
  const { status, stdout } = course([])
  assert.is(status, 0)
  assert.match(stdout, /^course: this is no terminal\. Type one of these instead:\n {2}npx course list/)
})

rootTest(test, 'check grades and keeps the points; list shows them; diff waits until one has passed', () => {
  assert.equal(course(['diff', '02/hostname']), {
    status: 125, stdout: '', stderr: 'course: diff: expected 02-uts/hostname to be passed first: npx course check 02-uts/hostname\n',
  })
  small.save(IDS[0], solution(IDS[0]).replace('CLONE_NEWUTS,\n', '0n,\n'))
  assert.is(course(['check', '02/hostname']).status, 1)
  assert.match(course(['list']).stdout, /^… 02-uts\/hostname +2\/4 /m)
  small.save(IDS[0], solution(IDS[0]))
  assert.is(course(['check', '02/hostname']).status, 0)
  assert.match(course(['list']).stdout, /^✓ 02-uts\/hostname +4\/4 [^]*1 of 2 exercises, 4 of 10 points\n$/m)
  const { stdout } = course(['diff', '02/hostname'])
  assert.match(stdout, /^- yours {2}\+ the solution\n/)
  assert.match(stdout, /^- {5}\/\/ step: the flag/m) // the mark is mine: the solution is shown without
  const data = JSON.parse(course(['check', '02', '--json']).stdout) as { schema: string; earned: number }
  assert.equal([data.schema, data.earned], ['pocker/grade/v1', 4])
  small.save(IDS[0], 'nonsense(')
  course(['check', '02'])
  assert.match(course(['list']).stdout, /^✓ 02-uts\/hostname +4\/4 /m, 'what was earned is kept')
})

test('an exercise that is not there is told in one line', () => {
  for (const verb of ['reset', 'diff', 'hint', 'live']) {
    assert.match(course([verb, '02/nams']).stderr, /^course: exercise: expected one of 02-uts\/hostname, 02-uts\/names, got 02\/nams\n$/)
  }
  assert.match(course(['reset', '02']).stderr, /^course: exercise: expected one of 02-uts\/hostname, 02-uts\/names, got 02\n$/)
})

test('what is typed wrongly is told in one line, too, and a reader that goes is no error', () => {
  assert.is(course(['lst']).stderr, 'course: expected a command, got lst; npx course --help lists them all\n')
  assert.is(course(['reset']).stderr, "course: missing required argument 'exercise'; npx course --help lists them all\n")
  assert.is(course(['seed', '--student', 'ada', '--secret', '/nowhere']).stderr, 'course: ENOENT: no such file or directory, open \'/nowhere\'\n')
  const piped = spawnSync('bash', ['-c', `${process.execPath} ${COURSE} list | true; echo "$PIPESTATUS"`], { encoding: 'utf8', env: env() })
  assert.equal([piped.stdout, piped.stderr], ['0\n', ''])
})

test('a package that is missing is told in one line', () => {
  cpSync(join(COURSE, '..'), join(small.root, 'elsewhere/bin'), { recursive: true })
  rmSync(join(small.root, 'node_modules'))
  const { status, stderr } = spawnSync(process.execPath, [join(small.root, 'elsewhere/bin/course.mjs')], { encoding: 'utf8', env: env() })
  assert.equal([status, stderr], [1, 'course: expected the package tsx, found none: run npm install in the top folder of the course\n'])
})

rootTest(test, 'under sudo, files stay the student\'s', () => {
  small.give(USER)
  small.save(IDS[1], '// mine\n')
  course(['reset', '02/names'])
  for (const file of ['names.ts', 'names.ts.mine-1']) assert.is(statSync(join(small.root, 'exercises/02-uts', file)).uid, USER.uid)
})

test('hints come one step at a time, and any step when asked', () => {
  assert.match(course(['hint', '02/names']).stdout, /^02-uts\/names, hint 1 of 3\n\nStart with the plan for both names/)
  assert.match(course(['hint', '02/names']).stdout, /^02-uts\/names, hint 2 of 3\n/)
  assert.match(course(['hint', '02/names', '--step', '1']).stdout, /hint 1 of 3/)
  assert.match(course(['hint', '02/names']).stdout, /hint 3 of 3/)
  assert.match(course(['hint', '02/names', '--step', '9']).stderr, /expected a step from 1 to 3 of 02-uts\/names, got 9/)
  assert.match(course(['hint']).stdout, /^02-uts\/hostname, hint 1 of 3/, 'the next exercise')
})

test('reset keeps every old answer', () => {
  assert.is(course(['reset', '02/names']).stdout, 'exercises/02-uts/names.ts is the starter again\n')
  for (const n of [1, 2]) {
    small.save(IDS[1], `// ${n}\n`)
    assert.is(course(['reset', '02/names']).stdout,
      `exercises/02-uts/names.ts is the starter again; what you wrote is in exercises/02-uts/names.ts.mine-${n}\n`)
    assert.is(small.read(`exercises/02-uts/names.ts.mine-${n}`), `// ${n}\n`)
  }
  assert.match(small.read('exercises/02-uts/names.ts'), /TODO/)
})

rootTest(test, 'with a seed, a regrade says the same; with another one, something else', () => {
  small.save(IDS[0], 'export const hostname = () => ({ name: "x", child: [] })\n')
  const seen = (seed?: string): string => course(['check', '02/hostname'], seed === undefined ? {} : { POCKER_SEED: seed }).stdout
    .split('\n').find((line) => line.includes('expected the host name')) ?? ''
  const expected = (line: string): string => /expected the host name (\S+),/.exec(line)?.[1] ?? ''
  assert.match(expected(seen('ada')), /^Box-t[0-9a-f]{11}$/)
  assert.is(expected(seen('ada')), expected(seen('ada')))
  assert.is.not(expected(seen('ada')), expected(seen('bob')))
  assert.is.not(expected(seen()), expected(seen()))
  assert.match(course(['seed', 'ada']).stdout, /^seed: ada \(\.course\.json\)\n$/)
  assert.is(expected(seen()), expected(seen('ada')))
  assert.match(course(['seed', '--none']).stdout, /^no seed/)
})

test('the seed of a student is made of a secret, and of nothing else', () => {
  writeFileSync(join(small.root, 'secret'), 'only the lecturer has it')
  const of = (student: string): string => course(['seed', '--student', student, '--secret', join(small.root, 'secret')]).stdout
  assert.match(of('ada'), /^[0-9a-f]{32}\n$/)
  assert.is(of('ada'), of('ada'))
  assert.is.not(of('ada'), of('bob'))
  assert.match(course(['seed', '--student', 'ada']).stderr, /expected --student and --secret together/)
})

test('doctor tells what follows', async () => {
  const all = await examine()
  const without = (name: string) => all.map((finding) => (finding.name === name ? { ...finding, state: 'no' as const } : { ...finding, state: 'ok' as const }))
  assert.match(conclusion(without('kernel')).join(' '), /Nothing can be graded here yet/)
  assert.match(conclusion(without('sandbox')).join(' '), /makes no containers\. Checks that only read your plan are graded/)
  assert.match(conclusion(without('overlay')).join(' '), /can be graded here\. A check that needs what is missing is skipped/)
  assert.equal(conclusion(without('')), ['All exercises can be graded here.'])
})

rootTest(test, 'clean lists the group of a grader that is gone, and removes it when told to', () => {
  const tree = findTree()
  prepare(tree, '/pocker')
  const gone = ownedName('').replace(/^\d+(.*)-$/, `${spawnSync('true').pid}$1`)
  const directories = roots(tree).map((root) => join(root, 'pocker', `grade-${gone}-left`))
  for (const directory of directories) mkdirSync(directory)
  try {
    const listed = course(['clean'])
    assert.is(listed.status, 1)
    assert.match(listed.stdout, new RegExp(`left over: control group /pocker/grade-${gone}-left`))
    assert.ok(directories.every((directory) => existsSync(directory)), 'nothing is removed unasked')
    assert.match(course(['clean', '--yes']).stdout, new RegExp(`removed: control group /pocker/grade-${gone}-left`))
    assert.not.ok(directories.some((directory) => existsSync(directory)))
  } finally {
    for (const directory of directories.filter((path) => existsSync(path))) rmdirSync(directory)
  }
})

/** No user namespaces: their number is limited in a user namespace of the program's own, of which nothing is left. */
const NO_NAMESPACES = ['unshare', '--user', '--map-current-user', '--keep-caps', 'sh', '-c',
  'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"', 'sh']

rootTest(test, 'without root and user namespaces, plans are graded, the rest is skipped, and both are said', () => {
  small.give(USER)
  const poor = (...words: string[]) => asUser([...NO_NAMESPACES, process.execPath, COURSE, ...words],
    { subordinate: false, env: { NO_COLOR: '1', POCKER_COURSE: small.root } })
  const doctor = poor('doctor')
  assert.is(doctor.status, 1, doctor.stderr)
  assert.match(doctor.stdout, /^– root +no, user 61234$/m)
  assert.match(doctor.stdout, /^✗ user namespaces +user\.max_user_namespaces is 0$/m)
  assert.match(doctor.stdout, /^✗ sandbox /m)
  assert.match(doctor.stdout, /This machine makes no containers\. Checks that only read your plan are graded;\n.*skipped, and cost nothing/)

  small.save(IDS[1], solution(IDS[1]))
  const right = poor('check', '02/names')
  assert.match(right.stdout, /^ {2}✓ more than 64 bytes are refused, with the number of bytes \(1\/1\)$/m, right.stdout + right.stderr)
  assert.match(right.stdout, /^ {2}skipped: a host name is set, every character of it \(0\/1\)$/m)
  assert.match(right.stdout, /^1 of 6 points, 5 not judged here$/m)
  assert.match(right.stdout, /^These points stand on 1 of 6\. The kernel was not asked about 5, in 5 checks:\n {2}this machine can make no sandbox: /m)
  small.save(IDS[1], solution(IDS[1]).replace('if (bytes > MOST) throw', 'if (bytes > 2 * MOST) throw'))
  const wrong = poor('check', '02/names')
  assert.match(wrong.stdout, /^ {2}✗ more than 64 bytes are refused/m)
  assert.match(wrong.stdout, /names\(\) accepted what it must refuse/)
  assert.match(readFileSync(join(small.root, '.course.json'), 'utf8'), /"earned": 1/)
})

test.run()
