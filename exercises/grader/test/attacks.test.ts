// A class in which most mean harm, graded two at a time: each gets its own score, the others theirs, and the machine is as before.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { below, findTree } from '@pocker/cgroup'
import { isAbandoned } from '@pocker/pid'
import { places, ROOT, run, submissions, type Result } from '@pocker/grader'
import { ATTACKS } from './attacks.ts'
import { course, fill, HALF, RIGHT } from './class.ts'
import { traces } from './fixtures.ts'

const SECONDS = 3
const dir = mkdtempSync(join(tmpdir(), 'pocker-class-'))
const { rootfs } = await places()
const abandoned = () => below({ tree: findTree(), path: '/pocker' }).filter((group) => group.startsWith('grade-') && isAbandoned(group.slice('grade-'.length)))
/** Of others, who were killed. Somebody may take them away meanwhile. */
const others = abandoned()
const machine = () => ({
  traces: traces(), root: readdirSync('/').toSorted(), tests: digest(join(ROOT, 'exercises/02-uts'), join(ROOT, 'solutions/02-uts')),
  rootfs: digest(join(rootfs, 'bin')), inRootfs: readdirSync(rootfs).toSorted(), forged: ['/tmp/pocker-forged', '/pocker-forged', '/results.json'].map((path) => existsSync(path)),
  groups: abandoned().filter((group) => !others.includes(group)),
})
const snapshot = machine()
const name = (i: number): string => `attack-${String(i).padStart(2, '0')}`

/** Names, sizes and contents of what is in folders. */
function digest(...folders: string[]): string {
  const hash = createHash('sha256')
  for (const file of folders.flatMap((folder) => readdirSync(folder).toSorted().map((entry) => join(folder, entry)))) {
    const found = statSync(file)
    hash.update(`${file} ${found.mode} ${found.size}\n`)
    if (found.isFile()) hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

ATTACKS.forEach(({ answer, files }, i) => {
  mkdirSync(join(dir, name(i)))
  if (answer !== undefined) fill(join(dir, name(i)), { 'hostname.ts': answer })
  files?.(join(dir, name(i)))
  if (i % 8 === 0) {
    fill(join(dir, `${name(i)}-right`), { 'hostname.ts': RIGHT })
    fill(join(dir, `${name(i)}-half`), { 'hostname.ts': HALF })
  }
})
const handedIn = (): string[] => readdirSync(dir).filter((entry) => entry !== '.out')
const folders = handedIn()
const done = new Map<string, Result>()

test.before(async () => {
  const options = { out: join(dir, '.out'), jobs: 2, seconds: SECONDS, only: '02/hostname', deadline: 120 }
  for (const result of await run(submissions(dir), course('02/hostname'), options)) done.set(result.name, result)
})
test.after(() => rmSync(dir, { recursive: true, force: true }))

ATTACKS.forEach(({ what, earned, races, says }, i) => {
  test(`a submission that ${what} gets ${races ? 'at most ' : ''}${earned} of 4 points`, () => {
    const { report, fault } = done.get(name(i)) as Result
    const messages = report.exercises.flatMap(({ checks }) => checks.flatMap(({ message }) => message ?? []))
    assert.is(fault, undefined)
    assert.ok(races ? report.earned <= earned : report.earned === earned, `${report.earned}: ${messages.join('\n')}`)
    assert.is(report.unjudged, 0, messages.join('\n'))
    if (says) assert.ok(messages.some((message) => says.test(message)), messages.join('\n'))
  })
})

test('no other submission\'s score changes', () => {
  const others = [...done.values()].filter(({ name: one }) => /-(right|half)$/.test(one))
  assert.ok(others.length >= 8)
  for (const { name: one, report } of others) assert.is(report.earned, one.endsWith('-right') ? 4 : 2, one)
})

test('what was handed in is as it was', () => {
  assert.equal(handedIn(), folders)
})

test('the machine is as before: tests, solutions, root file systems, groups, processes, mounts', () => {
  assert.equal(machine(), snapshot)
})

test.run()
