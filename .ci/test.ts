// npm test: everything that has to hold, in one run.
//
//   npm test                what CI calls
//   npm run test:long       with the tests that take longer
//
// The last line is `N passed, N failed, N skipped`. A skip that is not listed in skips.json, with its reason, is a failure,
// and so is anything that the tests leave on the machine.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leftovers, snapshot } from './leftovers.ts'

interface Result { readonly name: string; readonly passed: number; readonly failed: number; readonly skipped: number; readonly skips: readonly string[] }

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
  ...(process.argv.includes('--long') && { POCKER_TEST_LONG: '1' }),
}
delete env['NODE_EXTRA_CA_CERTS']

let passed = 0, failed = 0, skipped = 0
const report = (ok: boolean, what: string): void => {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`)
  ok ? passed++ : failed++
}
const run = (command: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: join(here, '..'), env: { ...env, ...extra } }).status === 0

installPackages()
report(run('npx', ['turbo', 'run', 'typecheck', '--output-logs=errors-only']), 'typecheck')
report(run('npx', ['oxlint', '--deny-warnings']), 'oxlint')
report(run('npx', ['knip']), 'knip')
const before = snapshot(tmp)
run('npx', ['turbo', 'run', 'test', '--concurrency=1', '--continue', '--log-order=stream', '--log-prefix=none'],
  { TMPDIR: tmp, POCKER_ROOT: root, POCKER_TEST_RESULTS: results })
sum()
const left = leftovers(before, snapshot(tmp))
for (const line of left) console.log(`left behind: ${line}`)
report(left.length === 0, 'nothing is left on the machine')
rmSync(work, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0

/** Installs the Debian packages of packages.txt that are missing, and says which. */
function installPackages(): void {
  const wanted = readFileSync(join(here, 'packages.txt'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(' ')[0] ?? '')
  const missing = wanted.filter((name) => !spawnSync('dpkg-query', ['-W', '-f', '${Status}', name]).stdout?.toString().endsWith('ok installed'))
  if (missing.length === 0) return
  console.log(`installing from Debian: ${missing.join(' ')}`)
  const apt = (...args: string[]): boolean => run('apt-get', ['-q', '-y', '-o', 'Dpkg::Use-Pty=0', ...args], { DEBIAN_FRONTEND: 'noninteractive' })
  report(apt('update') && apt('install', '--no-install-recommends', ...missing), `install ${missing.join(' ')}`)
}

/** Adds up what the packages reported; a package that reported nothing has failed. */
function sum(): void {
  const files = readdirSync(results)
  const allowed = JSON.parse(readFileSync(join(here, 'skips.json'), 'utf8')) as readonly { test: string; reason: string }[]
  const packages = ['chapters', 'exercises', 'docs'].flatMap((dir) => readdirSync(join(here, '..', dir)).map((name) => join(dir, name, 'package.json')))
  for (const file of [...packages, 'pocker/package.json', '.ci/testing/package.json']) {
    const name = nameOf(file)
    if (!name) continue
    const found = files.find((result) => result === `${name.replace('/', '__')}.json`)
    if (!found) {
      report(false, `${name}: its tests did not run`)
      continue
    }
    const result = JSON.parse(readFileSync(join(results, found), 'utf8')) as Result
    passed += result.passed
    failed += result.failed
    skipped += result.skipped
    console.log(`${result.failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`)
    for (const skip of result.skips) {
      if (!allowed.some(({ test }) => skip.startsWith(`${test}: `))) report(false, `a skip that is not in .ci/skips.json: ${skip}`)
    }
  }
}

/** @returns the package's name if it has tests */
function nameOf(file: string): string | undefined {
  try {
    const { name, scripts } = JSON.parse(readFileSync(join(here, '..', file), 'utf8')) as { name: string; scripts?: Record<string, string> }
    return scripts?.['test'] ? name : undefined
  } catch {
    return undefined
  }
}
