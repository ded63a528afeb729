// npm test: everything that has to hold, in one run.
//
//   npm test                what CI calls
//   npm run test:long       with the tests that take longer
//
// The last line is `N passed, N failed, N skipped`. A skip that is not listed in skips.json, with its reason, is a failure,
// and so is anything that the tests leave on the machine.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leftovers, snapshot } from './leftovers.ts'
import { allowedSkips, failuresOf, resultFile, tally } from './results.ts'
import { ALL, chaptersFrom, QUICK, testInMachine } from './vm/tests.ts'

const long = process.argv.includes('--long')
/** They take minutes each, and most of that is one program after the other. One takes as long as the others together. */
const LONG = new Set(['@pocker/course', '@pocker/images', '@pocker/registry', 'pocker'])
const LONGEST = new Set(['@pocker/grader'])
const here = dirname(fileURLToPath(import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'pocker-run-'))
const [results, tmp, root] = ['results', 'tmp', 'root'].map((name) => {
  const dir = join(work, name)
  mkdirSync(dir)
  chmodSync(dir, name === 'tmp' ? 0o1777 : 0o755)
  return dir
}) as [string, string, string]
chmodSync(work, 0o755)

const env: NodeJS.ProcessEnv = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_UPDATE_NOTIFIER: '1',
  ...(long && { POCKER_TEST_LONG: '1' }),
}
delete env['NODE_EXTRA_CA_CERTS']

let passed = 0, failed = 0, skipped = 0
const failures: string[] = [], unstable: string[] = []
const report = (ok: boolean, what: string): void => {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`)
  ok ? passed++ : failed++
}
const run = (command: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): boolean => spawnSync(
  command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: join(here, '..'), env: { ...env, ...extra } },
).status === 0

installPackages()
report(run('npx', ['turbo', 'run', 'typecheck', '--output-logs=errors-only']), 'typecheck')
report(run('npx', ['oxlint', '--deny-warnings']), 'oxlint')
report(run('npx', ['knip']), 'knip')
report(run('npm', ['run', '--silent', 'build', '--workspace=pocker']), 'build')
const before = snapshot(tmp)
const packages = testedPackages()
await runTests(packages)
await repeat(packages)
sum(results, packages)
await runInMachine()
const left = leftovers(before, snapshot(tmp))
for (const line of left) console.log(`left behind: ${line}`)
report(left.length === 0, 'nothing is left on the machine')
rmSync(work, { recursive: true, force: true })
for (const failure of [...unstable, ...failures]) console.log(`\n${failure}`) // once more, here, where nobody has to look for it
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0

/** Installs the Debian packages of packages.txt that are missing, and says which. */
function installPackages(): void {
  const lines = readFileSync(join(here, 'packages.txt'), 'utf8').split('\n')
  const wanted = lines.filter((line) => line && !line.startsWith('#')).map((line) => line.split(' ')[0] ?? '')
  const status = (name: string): string => spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' }).stdout
  const missing = wanted.filter((name) => !status(name)?.endsWith('ok installed'))
  if (missing.length === 0) return
  console.log(`installing from Debian: ${missing.join(' ')}`)
  const apt = (...args: string[]): boolean =>
    run('apt-get', ['-q', '-y', '-o', 'Dpkg::Use-Pty=0', ...args], { DEBIAN_FRONTEND: 'noninteractive' })
  report(apt('update') && apt('install', '--no-install-recommends', ...missing), `install ${missing.join(' ')}`)
}

/** Those that look at the machine itself come first, alone; then the longest beside the other long ones. */
async function runTests(names: readonly string[]): Promise<void> {
  await oneByOne(names.filter((name) => !LONG.has(name) && !LONGEST.has(name)))
  await Promise.all([LONGEST, LONG].map((some) => oneByOne(names.filter((name) => some.has(name)))))
}

function oneByOne(names: readonly string[]): Promise<void> {
  if (names.length === 0) return Promise.resolve()
  const which = names.map((name) => `--filter=${name}`)
  const how = ['--concurrency=1', '--continue', '--log-order=grouped', '--log-prefix=none']
  const more = { TMPDIR: tmp, POCKER_ROOT: root, POCKER_TEST_RESULTS: results, POCKER_TREE: join(here, '../pocker/dist/tree.mjs') }
  const child = spawn('npx', ['turbo', 'run', 'test', ...which, ...how],
    { stdio: ['ignore', 'inherit', 'inherit'], cwd: join(here, '..'), env: { ...env, ...more } })
  return new Promise((done, failed) => { child.on('close', () => done()).on('error', failed) }) // what failed, the results say
}

/**
 * Runs the packages that failed once more, and says what they said: these machines are shared, and a test that holds only
 * most of the time must be named, or nobody mends it. More than a few that fail are no accident.
 */
async function repeat(names: readonly string[]): Promise<void> {
  const failing = names.map((name) => ({ name, why: failuresOf(results, name) })).filter(({ why }) => why.length > 0)
  if (failing.length === 0 || failing.length > 3) return
  for (const { name, why } of failing) {
    const line = `unstable, and run once more: ${name}\n${why.join('\n')}`
    unstable.push(line)
    console.log(line)
    rmSync(resultFile(results, name), { force: true })
  }
  await runTests(failing.map(({ name }) => name))
}

/** Runs the tests of the chapters from 03 on in a machine of their own: some of them, or all. */
async function runInMachine(): Promise<void> {
  const name = 'the chapters in a machine of their own'
  if (process.arch !== 'x64') return skip(name, 'needs x86-64')
  const dir = join(results, 'vm')
  mkdirSync(dir)
  process.env['TMPDIR'] = tmp // what must be empty in the end, and where tsx has just put all that it compiled
  try {
    sum(dir, await testInMachine(chaptersFrom(long ? ALL : QUICK), dir))
  } catch (error) {
    report(false, `${name}: ${(error as Error).message}`)
  }
}

function sum(dir: string, names: readonly string[]): void {
  const all = tally(dir, names)
  passed += all.passed
  failed += all.failed
  skipped += all.skipped
  failures.push(...all.failures)
  for (const line of [...all.lines, ...all.failures]) console.log(line)
}

function skip(what: string, reason: string): void {
  console.log(`SKIP ${what}: ${reason}`)
  skipped++
  if (!allowedSkips().some(({ test }) => test === what)) report(false, `a skip that is not in .ci/skips.json: ${what}`)
}

/** The workspace packages that have tests, by name. */
function testedPackages(): string[] {
  const top = join(here, '..')
  const groups = ['chapters', 'exercises', 'docs'].flatMap((dir) => readdirSync(join(top, dir)).map((name) => join(dir, name)))
  return [...groups, 'pocker', '.ci/testing'].map((dir) => join(top, dir, 'package.json')).filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as { name: string; scripts?: Record<string, string> })
    .filter(({ scripts }) => scripts?.['test']).map(({ name }) => name)
}
