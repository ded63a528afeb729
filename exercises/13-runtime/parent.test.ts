// The visible checks of parent.ts. Its list runs, and makes a container; files in the sandbox tell what became of it.
import { randomInt } from 'node:crypto'
import { check, same, type Exercise } from '@pocker/grader'
import { said, STATUS } from './stage.ts'

/** As the file has it. */
const ended = (code: number): string => `00 ${code.toString(16).padStart(2, '0')} 00 00`
const NOT_STARTED = 125

const status = check({
  id: 'status',
  title: 'how the container ended is in the file',
  points: 3,
  hint: 'wait4 waits and fills a buffer; give that step a name with `as`, and { outOf: name } is the buffer in a later one',
  lesson: 'the-code',
}, async (context) => {
  const code = randomInt(1, 100)
  const expected = ended(code)
  const { text } = await said(context, 'stays', () => 'exit $CODE', () => STATUS, [`CODE=${code}`])
  same(text, expected, `expected ${expected} in the file for exit code ${code}, got ${text || 'nothing'}`)
})

const gate = check({
  id: 'gate',
  title: 'without a go, the program does not run, and the container ends with code 125',
  points: 3,
  hint: 'a read returns 0 if nobody is left who could write; and a list goes on behind it, unless it has an onZero',
  lesson: 'the-code',
}, async (context) => {
  const { text } = await said(context, 'silent', () => ': > /tmp/ran', () => '[ -e /tmp/ran ] && echo "it ran" || echo "it did not run"')
  const message = 'expected that the program does not run, as its creator ended and had not said go; it ran'
  same(text, 'it did not run', message)
  const expected = ended(NOT_STARTED)
  const { text: told } = await said(context, 'closes', () => ':', () => STATUS)
  if (told === expected) return
  // Whether the file is written at all is another check's question.
  const usual = await said(context, 'stays', () => 'exit 1', () => STATUS)
  if (usual.text !== ended(1)) return
  same(told, expected, `without a go: expected code ${NOT_STARTED}, ${expected} in the file, got ${told || 'nothing'}`)
})

export const exercise: Exercise = {
  id: '13-runtime/parent', title: 'Nobody\'s child', points: 10, checks: [status, gate],
}
