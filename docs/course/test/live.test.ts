// `course live`, as a lecturer uses it: forth and back, typed over, graded, and ended.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { withoutMarkers } from '../src/live/steps.ts'
import { COURSE, smallCourse, solution, Terminal } from './tmux.ts'

const ID = '02-uts/hostname'
const FILE = `exercises/${ID}.ts`

rootTest(test, 'from the starter to the solution, back, checked, and what was typed is kept', async () => {
  const course = smallCourse([ID])
  const terminal = new Terminal(`cd ${course.root}; ${process.execPath} ${COURSE} live 02/hostname`, { POCKER_COURSE: course.root })
  try {
    await terminal.until(/^exercises\/02-uts\/hostname\.ts {2}step 0 of 3\n\nThe starter\./)
    terminal.keys('n')
    const first = await terminal.until(/step 1 of 3/)
    assert.match(first, /^an isolation is data: nothing happens until somebody runs it$/m)
    assert.match(first, /^\+ {3}return \{$/m)
    assert.match(first, /^- {3}throw new Error\(`TODO/m)
    assert.match(first, /^next: the step is there, but whose name/m)
    assert.not.match(course.read(FILE), /sethostname/)
    terminal.keys('k')
    await terminal.until(/^ {2}own namespaces {3}none\n {2}host name {8}the machine's$/m)
    terminal.keys('n', 'c')
    await terminal.until(/2 of 4 points/)
    terminal.keys('k')
    await terminal.until(/^- host name {8}the machine's\n\+ host name {8}Box-t[0-9a-f]+: the machine was renamed!$/m)
    terminal.keys('Space')
    await terminal.until(/step 3 of 3/)
    assert.is(course.read(FILE), withoutMarkers(solution(ID)))
    terminal.keys('k')
    await terminal.until(/^\+ own namespaces {3}uts\n\+ host name {8}Box-t[0-9a-f]+$/m)
    terminal.keys('c')
    await terminal.until(/4 of 4 points/)
    rmSync(join(course.root, FILE))
    terminal.keys('d')
    await terminal.until(/^\+ export function hostname/m)
    terminal.keys('n')
    await terminal.until(/This was the last step\./)
    course.save(ID, '// typed\n')
    terminal.keys('d')
    assert.match(await terminal.until(/- what is typed {2}\+ the step/), /^- \/\/ typed$/m)
    terminal.keys('b')
    await terminal.until(/step 2 of 3[^]*what was typed is in hostname\.ts\.mine-1/)
    assert.is(course.read(`${FILE}.mine-1`), '// typed\n')
    terminal.keys('s')
    assert.match(await terminal.until(/^> 2\. /m), /^ {2}1\. an isolation is data/m)
    terminal.keys('x')
    await terminal.until(/step 0 of 3/)
    assert.match(course.read(FILE), /TODO/)
    terminal.keys('q')
    await terminal.until(/hostname\.ts: step 0 of 3\nnpx course reset 02-uts\/hostname brings the starter back\nshell: 0/)
  } finally {
    terminal.close()
    course.remove()
  }
})

test('without a terminal it prints what is to be said', () => {
  const course = smallCourse([ID])
  try {
    const { stdout, status } = spawnSync(process.execPath, [COURSE, 'live', '02/hostname'], { encoding: 'utf8', env: { ...process.env, POCKER_COURSE: course.root } })
    assert.is(status, 0)
    assert.is(stdout.split('\n')[1], '- an isolation is data: nothing happens until somebody runs it')
    assert.match(course.read(FILE), /TODO/)
  } finally {
    course.remove()
  }
})

test.run()
