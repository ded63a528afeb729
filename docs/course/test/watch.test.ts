// `course` as a new student meets it: from the first screen to "All done", with all its keys, in a terminal.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { COURSE, smallCourse, solution, Terminal, type Size, type SmallCourse } from './tmux.ts'

const IDS = ['02-uts/hostname', '02-uts/names', '05-ipc/separate'] as const
const NO_FLAG = `import { sethostname, type Isolation } from '@pocker/syscalls'
export function hostname(name: string): Isolation {
  return { name: 'hostname', child: [sethostname(name)] }
}
`
let course: SmallCourse
test.before.each(() => { course = smallCourse(IDS) })
test.after.each(() => course.remove())

async function inTerminal(body: (terminal: Terminal) => Promise<void>, { env = {}, size = {} }: { env?: NodeJS.ProcessEnv; size?: Size } = {}) {
  const terminal = new Terminal(`cd ${course.root}; stty -a > before; ${process.execPath} ${COURSE}; code=$?; stty -a > after; (exit $code)`,
    { POCKER_COURSE: course.root, ...env }, size)
  try {
    await body(terminal)
  } finally {
    terminal.close()
  }
}
const progress = (): { exercises: Record<string, { earned: number; passed: boolean; hints: number }> } =>
  JSON.parse(readFileSync(join(course.root, '.course.json'), 'utf8'))

rootTest(test, 'from the first screen to "All done", over three exercises', () => inTerminal(async (terminal) => {
  const first = await terminal.until(/Not begun/)
  assert.is(first, `
course [--------------------] 0 of 3 exercises, 0 of 14 points

02-uts/hostname: A name of its own (4 points)
exercises/02-uts/hostname.ts

Write \`hostname(name)\`: an isolation with which the container has this host
name.

Not begun: open the file in your editor, and write code where it throws TODO.
Whenever you save it, it is graded. These checks will be made:

- the container has the name that it was given (1 point)
- the name is set in a UTS namespace of its own, and the machine keeps its own
  name (2 points)
- a name with letters outside ASCII arrives whole (1 point)








n next  p previous  h hint  l list  r run  d diff  x reset  q quit`.trim())

  terminal.keys('h')
  await terminal.until(/Hint 1 of 3[^]*h next hint/)
  terminal.keys('h')
  await terminal.until(/Hint 2 of 3/)
  terminal.keys('Enter')
  await terminal.until(/Not begun/)
  terminal.keys('d')
  await terminal.until(/d shows the solution once you have passed/)

  course.save(IDS[0], NO_FLAG)
  const wrong = await terminal.until(/\(0\/2\)[^]*2 of 4 points/)
  assert.match(wrong, /✓ the container has the name that it was given \(1\/1\)/)
  assert.match(wrong, /CLONE_NEWUTS is missing: sethostname would have renamed the machine/)
  assert.match(wrong, / {4}expected: a machine called machine-/)
  assert.match(wrong, / {4}seen: {5}t/)
  assert.match(wrong, / {4}h: a hint/)

  course.save(IDS[0], solution(IDS[0]).replace('hostname(name: string)', 'hostname(what: string)').replace('sethostname(name)', 'sethostname(what)'))
  await terminal.until(/4 of 4 points[^]*Passed\. n: the next exercise/)
  terminal.keys('d')
  const diff = await terminal.until(/- yours {2}\+ the solution/)
  assert.match(diff, /^- export function hostname\(what: string\): Isolation \{$/m)
  assert.match(diff, /^\+ export function hostname\(name: string\): Isolation \{$/m)
  terminal.keys('n')
  await terminal.until(/02-uts\/names:/)
  terminal.keys('p')
  await terminal.until(/02-uts\/hostname:[^]*4 of 4 points/)
  terminal.keys('x')
  await terminal.until(/Begin exercises\/02-uts\/hostname\.ts anew\?/)
  terminal.keys('y')
  await terminal.until(/Not begun[^]*what you wrote is in exercises\/02-uts\/hostname\.ts\.mine-1/)
  assert.match(course.read('exercises/02-uts/hostname.ts'), /TODO/)
  assert.match(course.read('exercises/02-uts/hostname.ts.mine-1'), /hostname\(what: string\)/)
  terminal.keys('n')
  await terminal.until(/02-uts\/names:[^]*Not begun/)
  course.save(IDS[1], solution(IDS[1]))
  await terminal.until(/6 of 6 points/)
  terminal.keys('l')
  const list = await terminal.until(/Enter back/)
  assert.match(list, /✓ 02-uts\/hostname +4\/4/)
  assert.match(list, /^> ✓ 02-uts\/names +6\/6/m)
  assert.match(list, /^ {4}05-ipc\/separate +0\/4/m)
  terminal.keys('n')
  await terminal.until(/05-ipc\/separate:[^]*Not begun/)
  writeFileSync(join(course.root, 'exercises/05-ipc/separate.ts'), solution(IDS[2]))
  const done = await terminal.until(/All done/)
  assert.match(done, /^course \[####################\] 3 of 3 exercises, 14 of 14 points$/m)
  assert.match(done, /^All done: 3 of 3 exercises, 14 of 14 points\.$/m)
  terminal.keys('r')
  await terminal.until(/05-ipc\/separate:[^]*4 of 4 points/)
  terminal.keys('q')
  await terminal.until(/^(course: the grading ends first.*\n)?shell: 0$/)
  assert.is(course.read('after'), course.read('before'))
  assert.equal(progress().exercises[IDS[0]], { earned: 4, points: 4, passed: true, hints: 2 })
}))

rootTest(test, 'of saves that come at once, the last one counts', () => inTerminal(async (terminal) => {
  await terminal.until(/Not begun/)
  for (const text of [NO_FLAG, 'nonsense(', NO_FLAG, solution(IDS[0])]) course.save(IDS[0], text)
  await terminal.until(/4 of 4 points/)
  terminal.keys('q')
  await terminal.until(/shell: 0/)
}))

rootTest(test, 'a screen of any size shows what fits, and the rest further down', () => inTerminal(async (terminal) => {
  await terminal.until(/Not begun/)
  course.save(IDS[0], NO_FLAG)
  await terminal.until(/2 of 4 points/)
  terminal.tmux('resize-window', '-x', '40', '-y', '10')
  const small = await terminal.until(/\d+ more lines: arrow down, or space/)
  for (const line of small.split('\n')) assert.ok([...line].length <= 40, line)
  assert.ok(small.split('\n').length <= 10)
  terminal.keys('Space', 'Space', 'Space', 'Space', 'Space')
  await terminal.until(/2 of 4 points/)
  terminal.keys('Up', 'PageUp')
  terminal.tmux('resize-window', '-x', '120', '-y', '50')
  await terminal.until(/02-uts\/hostname: A name of its own[^]*2 of 4 points/)
  terminal.keys('C-c')
  await terminal.until(/shell: 0/)
}))

for (const signal of ['TERM', 'HUP', 'INT']) {
  rootTest(test, `SIG${signal} gives the terminal back as it was`, () => inTerminal(async (terminal) => {
    await terminal.until(/Not begun/)
    terminal.tmux('run-shell', `kill -${signal} $(cat /proc/#{pane_pid}/task/#{pane_pid}/children)`)
    await terminal.until(/shell: \d+/)
    assert.is(course.read('after'), course.read('before'))
    assert.match(terminal.tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}'), /^0 1/)
  }))
}

rootTest(test, 'Ctrl-Z gives the terminal back, and fg takes it again', () => inTerminal(async (terminal) => {
  await terminal.until(/Not begun/)
  terminal.keys('C-z')
  const pid = terminal.tmux('display-message', '-p', '#{pane_pid}').trim()
  for (;;) if (terminal.tmux('display-message', '-p', '#{alternate_on}').startsWith('0')) break
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  process.kill(Number(child), 'SIGCONT')
  await terminal.until(/Not begun/)
  terminal.keys('q')
  await terminal.until(/shell: 0/)
}))

rootTest(test, 'under a program that waits, as npx does, Ctrl-Z stops both', async () => {
  const terminal = new Terminal('bash --norc -i', { POCKER_COURSE: course.root })
  try {
    await terminal.until(/[#$]$/)
    terminal.keys(`sh -c '${process.execPath} ${COURSE}; true'`, 'Enter')
    await terminal.until(/Not begun/)
    terminal.keys('C-z')
    await terminal.until(/Stopped/)
    terminal.keys('fg', 'Enter')
    await terminal.until(/Not begun/)
    terminal.keys('q')
    await terminal.until(/[#$]$/)
  } finally {
    terminal.close()
  }
})

rootTest(test, 'who saves another exercise of the chapter is at that one', () => inTerminal(async (terminal) => {
  await terminal.until(/02-uts\/hostname:[^]*Not begun/)
  course.save(IDS[1], solution(IDS[1]))
  await terminal.until(/02-uts\/names:[^]*6 of 6 points/)
  terminal.keys('q')
  await terminal.until(/shell: 0/)
}))

rootTest(test, 'no solution is promised where there is none', () => inTerminal(async (terminal) => {
  rmSync(join(course.root, 'solutions'), { recursive: true })
  await terminal.until(/Not begun/)
  course.save(IDS[0], solution(IDS[0]))
  assert.not.match(await terminal.until(/Passed\. n: the next exercise\.$/m), /diff|solution/)
  terminal.keys('q')
  await terminal.until(/shell: 0/)
}))

rootTest(test, 'what another `course` has earned meanwhile is seen, too', () => inTerminal(async (terminal) => {
  await terminal.until(/Not begun/)
  writeFileSync(join(course.root, '.course.json'), JSON.stringify({ exercises: { [IDS[1]]: { earned: 6, points: 6, passed: true, hints: 0 } } }))
  terminal.keys('r')
  await terminal.until(/1 of 3 exercises, 6 of 14 points/)
  terminal.keys('q')
  await terminal.until(/shell: 0/)
}))

rootTest(test, 'colours, where the terminal has them and nobody minds', () => inTerminal(async (terminal) => {
  await terminal.until(/Not begun/)
  assert.match(terminal.screen(true), /\x1b\[[0-9;]*1m(\x1b\[\d+m)*02-uts\/hostname/)
}, { env: { NO_COLOR: '', FORCE_COLOR: '1' } }))

rootTest(test, 'progress that cannot be read is set aside, and other exercises\' entries are kept', async () => {
  const file = join(course.root, '.course.json')
  writeFileSync(file, '{ "exercises": {')
  await inTerminal(async (terminal) => {
    await terminal.until(/\.course\.json cannot be read, and is kept as \.course\.json\.bad: /)
    terminal.keys('q')
    await terminal.until(/shell: 0/)
  })
  assert.is(course.read('.course.json.bad'), '{ "exercises": {')
  writeFileSync(file, JSON.stringify({ later: 1, exercises: { '99-later/on': { earned: 3, points: 3, passed: true, hints: 1, more: 2 } } }))
  await inTerminal(async (terminal) => {
    await terminal.until(/Not begun/)
    terminal.keys('h')
    await terminal.until(/Hint 1/)
    terminal.keys('q')
    await terminal.until(/shell: 0/)
  })
  const { later, exercises } = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal([later, exercises['99-later/on']], [1, { earned: 3, points: 3, passed: true, hints: 1, more: 2 }])
  assert.is(exercises[IDS[0]].hints, 1)
})

test('nothing but the answer, its starter and the progress is written', () => {
  assert.not.ok(existsSync(join(course.root, '.course.json')))
  assert.equal(readdirSync(join(course.root, 'exercises/02-uts')).toSorted(), ['README.md', 'hostname.test.ts', 'hostname.ts', 'names.test.ts', 'names.ts'])
})

test.run()
