// The visible checks of parent.ts. Its list runs, and makes a container; files in the sandbox tell what became of it.
import { randomInt } from 'node:crypto'
import { check, same, type Exercise } from '@pocker/grader'
import { said, STATUS } from './stage.ts'

const status = check({
  id: 'status',
  title: 'how the container ended is in the file',
  points: 3,
  hint: 'wait4 waits and fills a buffer; give that step a name with `as`, and { outOf: name } is the buffer in a later one',
  lesson: 'the-code',
}, async (context) => {
  const code = randomInt(1, 100)
  const expected = `00 ${code.toString(16).padStart(2, '0')} 00 00`
  const { text } = await said(context, 'stays', () => `exit ${code}`, () => STATUS)
  same(text, expected, `expected ${expected} in the file for exit code ${code}, got ${text || 'nothing'}`)
})

const gate = check({
  id: 'gate',
  title: 'without a go, the program does not run',
  points: 3,
  hint: 'a read returns 0 if nobody is left who could write; and a list goes on behind it, unless it has an onZero',
  lesson: 'the-code',
}, async (context) => {
  const { text } = await said(context, 'silent', () => ': > /tmp/ran', () => '[ -e /tmp/ran ] && echo "it ran" || echo "it did not run"')
  same(text, 'it did not run', 'expected that the program does not run, as its creator ended and had not said go; it ran')
})

export const exercise: Exercise = {
  id: '13-runtime/parent', title: 'Nobody\'s child', points: 10, checks: [status, gate],
}
