// Console blocks as data: prompts, expected lines, and what matches what.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Block } from '../src/lesson.ts'
import { mismatch, transcript } from '../src/transcript.ts'

const block = (...text: string[]): Block =>
  ({ language: 'console', attributes: {}, line: 10, prefix: '', fence: '```', text })
const expected = (lines: readonly string[]): { line: number; text: string }[] =>
  lines.map((text, i) => ({ line: i + 1, text }))

test('a block is prompts, what continues them, and what is expected after each', () => {
  const lines = ['$ cat <<EOF', '> one', '>', '> EOF', 'one', '> not typed', '# id', '# true', '$not']
  const expected = [{ line: 15, text: 'one' }, { line: 16, text: '> not typed' }]
  assert.equal(transcript('a', block(...lines)), [
    { line: 11, command: 'cat <<EOF\none\n\nEOF', expected },
    { line: 17, command: 'id', expected: [] },
    { line: 18, command: 'true', expected: [{ line: 19, text: '$not' }] },
  ])
})

test('a block that starts with output, or has nothing in it, is refused', () => {
  const error = /^a:(\d+): expected a prompt, \$ or #, as the first line of a console block, got (.*)$/
  const refused = (line: string, got: string) => (thrown: Error): boolean =>
    error.exec(thrown.message)?.slice(1).join() === `${line},${got}`
  assert.throws(() => transcript('a', block('box')), refused('11', '"box"'))
  assert.throws(() => transcript('a', block()), refused('10', 'nothing'))
})

const GOOD: readonly [string, string[], string][] = [
  ['nothing is nothing', [], ''],
  ['a line is itself', ['box'], 'box\n'],
  ['the last line needs no end', ['a', 'b'], 'a\nb'],
  ['an empty line is a line', ['a', '', 'b'], 'a\n\nb\n'],
  ['blanks at the end of a line do not count', ['a', '', 'b'], 'a  \n \nb\t\n'],
  ['special characters are themselves', ['a.*[b] (c) $d ^ \\ | {1}+?/-'], 'a.*[b] (c) $d ^ \\ | {1}+?/-\n'],
  ['… is anything in a line', ['uid=…(…) x'], 'uid=0(root) x\n'],
  ['… in a line can be nothing', ['a…b…'], 'ab\n'],
  ['<id> is eight hexadecimal digits', ['<id>'], '0123abcd\n'],
  ['<id> is sixty-four', ['sha256:<id>.'], `sha256:${'a1'.repeat(32)}.\n`],
  ['… alone is no line', ['…'], ''],
  ['… alone is one line', ['a', '…', 'b'], 'a\nx\nb\n'],
  ['… alone is many lines', ['a', '…', 'b'], 'a\nx\n\nb\ny\nb\n'],
  ['… alone may stand at the end', ['a', '…'], 'a\nb\nc\n'],
  ['… alone tries every place', ['…', 'a', 'b', '…', 'c'], 'a\nx\na\nb\nc\nc\n'],
  ['two … alone are as one', ['…', '…', 'a'], 'a\n'],
]
for (const [what, lines, output] of GOOD) {
  test(`matches: ${what}`, () => assert.is(mismatch(expected(lines), output), undefined))
}

const BAD: readonly [string, string[], string, [number | undefined, string, string]][] = [
  ['another line', ['a', 'b'], 'a\nc\n', [2, 'b', 'c']],
  ['a part of a line', ['b'], 'abc\n', [1, 'b', 'abc']],
  ['a line is missing', ['a', 'b'], 'a\n', [2, 'b', 'the end of the output']],
  ['a line too many', ['a'], 'a\nb\n', [1, 'the end of the output', 'b']],
  ['output where none is expected', [], 'a\n', [undefined, 'the end of the output', 'a']],
  ['an empty line too many', ['a'], 'a\n\n', [1, 'the end of the output', '']],
  ['other letters', ['Box'], 'box\n', [1, 'Box', 'box']],
  ['blanks at the start of a line', ['a'], '  a\n', [1, 'a', '  a']],
  ['… in a line spans no second one', ['a…b'], 'a\nb\n', [1, 'a…b', 'a']],
  ['a dot is no pattern', ['a.c'], 'abc\n', [1, 'a.c', 'abc']],
  ['<id> of seven digits', ['<id>'], '0123abc\n', [1, '<id>', '0123abc']],
  ['<id> with a letter that is none', ['<id>'], '0123abcg\n', [1, '<id>', '0123abcg']],
  ['the line after … alone never comes', ['a', '…', 'z'], 'a\nb\nc\n', [3, 'z', 'b']],
  ['something after the line after … alone', ['…', 'b'], 'a\nb\nc\n', [2, 'the end of the output', 'c']],
]
for (const [what, lines, output, [line, want, got]] of BAD) {
  test(`does not match: ${what}`, () => {
    const found = mismatch(expected(lines), output)
    assert.equal([found?.line, found?.expected, found?.got], [line, want, got])
  })
}

test('a mismatch shows what is left of both sides', () => {
  const { missing, surplus } = mismatch(expected(['a', 'b', 'c']), 'a\nx\ny\nz\n') ?? {}
  assert.equal([missing, surplus], [['b', 'c'], ['x', 'y', 'z']])
})

test.run()
