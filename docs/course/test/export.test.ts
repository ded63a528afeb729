// What others get: nothing that students must not see, and something that works where there is no network.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { REPOSITORY } from '../src/chapters.ts'
import { zip } from '../src/export/zip.ts'
import { COURSE, solution } from './tmux.ts'

let dir = ''
test.before(() => { dir = mkdtempSync(join(tmpdir(), 'course-export-')) })
test.after(() => rmSync(dir, { recursive: true, force: true }))

const env = (): NodeJS.ProcessEnv => {
  const { FORCE_COLOR: _, ...rest } = process.env
  return { ...rest, NO_COLOR: '1', NO_UPDATE_NOTIFIER: '1' }
}
const run = (command: string, args: readonly string[], cwd = REPOSITORY) => spawnSync(command, args, { encoding: 'utf8', cwd, env: env() })
const exported = (...words: string[]) => run(process.execPath, [COURSE, 'export', ...words])
const files = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => statSync(join(folder, path)).isFile()).toSorted()
const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line.length > 30)

rootTest(test, 'a repository for students: no solution, no hidden check, no source of a chapter to be solved', () => {
  const to = join(dir, 'students')
  const { status, stdout, stderr } = exported(to, '--solved', '3')
  assert.is(status, 0, stderr)
  assert.match(stdout, /^\d+ files in .*students, for linux-(x64|arm64)\. There: npm install && npx course\n$/)
  const found = files(to)
  assert.equal(found.filter((path) => /^solutions|hidden|wrong\/|\.mine-|\.course\.json|exercises\/grader\/test/.test(path)), [])
  assert.equal(found.filter((path) => /^chapters\/(00|01|02|03)-.*\/built\//.test(path)), [])
  assert.equal(found.filter((path) => /^chapters\/(?!0[0-3])\d\d-.*\/src\//.test(path)), [])
  for (const path of ['chapters/02-uts/src/uts.ts', 'chapters/04-mount/built/index.js', 'chapters/04-mount/README.md', 'docs/student.md', 'README.md']) {
    assert.ok(found.includes(path), path)
  }
  const hidden = lines(readFileSync(join(REPOSITORY, 'solutions/04-mount/hidden.test.ts'), 'utf8')).filter((line) => line.startsWith('title:'))
  const all = found.filter((path) => /\.(ts|js|md)$/.test(path) && !path.startsWith('vendor/')).map((path) => readFileSync(join(to, path), 'utf8')).join('\n')
  for (const line of hidden) assert.not.ok(all.includes(line), line)
  assert.match(readFileSync(join(to, 'exercises/04-mount/pivot.ts'), 'utf8'), /TODO/)
  assert.match(exported(to).stderr, /expected a new or empty folder, got .*students, which has files/)
})

rootTest(test, 'it is installed without a network, and grades; a reset brings the starter back', () => {
  const to = join(dir, 'students')
  const npm = run('unshare', ['--net', 'npm', 'install', '--loglevel=error', '--cache', join(dir, 'cache'), '--fetch-retries=0'], to)
  assert.is(npm.status, 0, npm.stderr)
  const course = (...words: string[]) => run('unshare', ['--net', join(to, 'node_modules/.bin/course'), ...words], to)
  assert.match(course('list').stdout, /0 of \d+ exercises, 0 of \d+ points/)
  writeFileSync(join(to, 'exercises/05-ipc/separate.ts'), solution('05-ipc/separate'))
  const check = course('check', '05/separate')
  assert.is(check.status, 0, check.stdout + check.stderr)
  assert.match(check.stdout, /^Hidden checks, which are not in this copy of the course, are worth \d+\.$/m)
  assert.match(course('diff', '05/separate').stderr, /the solutions are not in this copy of the course/)
  assert.match(course('export', join(dir, 'again')).stderr, /this copy of the course is one that was exported/)
  assert.match(course('reset', '05/separate').stdout, /what you wrote is in exercises\/05-ipc\/separate\.ts\.mine-1/)
  assert.match(readFileSync(join(to, 'exercises/05-ipc/separate.ts'), 'utf8'), /TODO/)
  // The tool works with built chapters, too: with the process that unpacks layers, which is a file of its own.
  const box = spawnSync(join(to, 'node_modules/.bin/pocker'), ['run', '--rm', 'busybox', 'echo', 'inside'], { encoding: 'utf8', env: { ...env(), POCKER_ROOT: join(dir, 'root'), POCKER_TREE: '' } })
  assert.equal([box.stdout, box.status], ['inside\n', 0], box.stderr)
  // An answer of 06 may use chapter 04, of which only a built file is here.
  cpSync(join(REPOSITORY, 'solutions/06-user/mapped.ts'), join(to, 'exercises/06-user/mapped.ts'))
  assert.is(course('check', '06/mapped').status, 0)
})

rootTest(test, 'for Classroom 50: autograder.py grades the checkout that it stands in, hidden checks and all', () => {
  const to = join(dir, 'classroom50')
  assert.is(exported('--classroom50', to).status, 0)
  assert.ok(existsSync(join(to, 'course/solutions/02-uts/hidden.test.ts')))
  assert.not.ok(existsSync(join(to, 'course/solutions/02-uts/hostname.ts')))
  const checkout = join(dir, 'checkout')
  cpSync(join(REPOSITORY, 'exercises/02-uts'), join(checkout, 'exercises/02-uts'), { recursive: true })
  writeFileSync(join(checkout, 'exercises/02-uts/hostname.ts'), solution('02-uts/hostname'))
  const { status, stderr } = run(join(to, 'autograder.py'), [], checkout)
  assert.is(status, 0, stderr)
  const result = JSON.parse(readFileSync(join(checkout, 'result.json'), 'utf8')) as { schema: string; score: number; tests: { 'test-name': string; passed: boolean }[] }
  assert.is(result.schema, 'classroom50/result/v1')
  assert.is(result.tests.filter((one) => one['test-name'].startsWith('02-uts/hostname: ') && one.passed).length, 3)
})

test('a zip file holds what went in, with its modes, and is the same each time', () => {
  const tree = new Map([['b/run', { bytes: Buffer.from('#!/bin/sh\n'), executable: true }], ['a', { bytes: Buffer.from('x'.repeat(1000)), executable: false }]])
  assert.equal(zip(tree), zip(new Map([...tree].toReversed())))
  writeFileSync(join(dir, 'a.zip'), zip(tree))
  const script = 'import zipfile, sys\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nfor i in z.infolist(): print(i.filename, i.file_size, oct(i.external_attr >> 16))'
  assert.is(run('python3', ['-c', script, join(dir, 'a.zip')]).stdout, 'a 1000 0o100644\nb/run 10 0o100755\n')
})

test.run()
