// The same submissions, one at a time, two, and four, on a machine that has other work: every score is the same.
import { fork, type ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT, run, scores, submissions } from '@pocker/grader'
import { ATTACKS } from './attacks.ts'
import { course, fill } from './class.ts'

const dir = mkdtempSync(join(tmpdir(), 'pocker-class-'))
const wrong = join(ROOT, 'solutions/02-uts/wrong')
readdirSync(wrong).forEach((file, i) => {
  const to = join(dir, `s${String(i).padStart(2, '0')}`)
  mkdirSync(to)
  for (const name of ['hostname', 'names']) cpSync(join(ROOT, 'solutions/02-uts', `${name}.ts`), join(to, `${name}.ts`))
  cpSync(join(wrong, file), join(to, `${file.split('-')[0]}.ts`))
})
// Those whose end depends on time or memory, where a busy machine would show.
const TIMED = /never ends|sleeps|floods|shells|memory of node|daemon|prints without/
const timed = ATTACKS.filter(({ what }) => TIMED.test(what))
for (let i = readdirSync(dir).length, n = 0; i < 30; i++, n++) fill(join(dir, `s${i}`), { 'hostname.ts': timed[n % timed.length]?.answer ?? '' })

const load: ChildProcess[] = []
test.before(() => {
  const file = join(dir, '.load.mjs')
  writeFileSync(file, 'for (;;);')
  for (let i = 0; i < availableParallelism() * 2; i++) load.push(fork(file, [], { execArgv: [] }))
})
test.after(() => {
  for (const child of load) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

test('30 submissions get the same scores with 1, 2 and 4 jobs, under load', async () => {
  const all: string[][] = []
  for (const jobs of [1, 2, 4]) {
    const done = await run(submissions(dir), course('02'), { out: join(dir, `.out${jobs}`), jobs, seconds: 3, only: '02' })
    assert.is(done.length, 30)
    assert.is(done.filter(({ report, fault }) => fault || report.unjudged).length, 0)
    all.push(done.map((result) => `${result.name} ${scores(result)}`))
  }
  assert.equal(all[1], all[0])
  assert.equal(all[2], all[0])
})

test.run()
