// Lessons as data: front matter, and fenced blocks.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eachBlock, parseLesson } from '../src/lesson.ts'

const FRONT = [
  '---', 'title: Host names', 'minutes: 25', 'objectives:', '  - say what a namespace is', 'needs: root',
  'previous: 01-chroot', '---',
]
const lesson = (...lines: string[]): string => [...FRONT, ...lines].join('\n')
const without = (field: string): string => FRONT.filter((line) => !line.startsWith(field)).join('\n')

test('the front matter says title, time, objectives, needs and what came before', () => {
  const { blocks, ...front } = parseLesson('README.md', lesson())
  assert.equal(front, {
    file: 'README.md', title: 'Host names', minutes: 25, objectives: ['say what a namespace is'], needs: 'root',
    previous: '01-chroot',
  })
  assert.equal(blocks, [])
})

test('the first chapter has none before it', () => {
  assert.is(parseLesson('a', without('previous')).previous, null)
  assert.is(parseLesson('a', lesson().replace('01-chroot', 'null')).previous, null)
})

const WRONG_FRONT: readonly [string, string, RegExp][] = [
  ['nothing', '# Host names', /^a:1: expected front matter between two lines ---, got "# Host names"$/],
  ['no end', '---\ntitle: x', /^a:1: expected front matter between two lines ---/],
  ['no YAML', '---\ntitle: [\n---', /^a:1: expected YAML, got /],
  ['a text', '---\nhello\n---', /^a:1: expected YAML fields such as title: …, got "hello"$/],
  ['no title', without('title'), /^a:1: title: expected text, got nothing$/],
  ['no time', lesson().replace('25', 'soon'), /^a:1: minutes: expected a number above 0, got "soon"$/],
  ['no objective', lesson().replace('  - say what a namespace is', '  []'),
    /^a:1: objectives: expected a list of texts, got \[\]$/],
  ['another need', lesson().replace('root', 'sudo'), /^a:1: needs: expected root, userns or none, got "sudo"$/],
  ['an empty chapter before', lesson().replace('01-chroot', '""'),
    /^a:1: previous: expected the folder of a chapter, got ""$/],
  ['a field too many', lesson().replace('minutes', 'author: me\nminutes'), /previous only, got "author"$/],
]
for (const [name, text, error] of WRONG_FRONT) {
  test(`front matter is refused: ${name}`, () => {
    assert.throws(() => parseLesson('a', text), (thrown: Error) => error.test(thrown.message))
  })
}

test('a block has its language, its attributes, its text, and the number of its line', () => {
  const lines = ['', '```ts file=src/uts.ts region=uts', 'const a = 1', '', '```', 'text', '~~~', 'b', '~~~']
  const { blocks } = parseLesson('a', lesson(...lines))
  assert.equal(blocks, [
    {
      language: 'ts', attributes: { file: 'src/uts.ts', region: 'uts' }, line: 10, prefix: '', fence: '```',
      text: ['const a = 1', ''],
    },
    { language: '', attributes: {}, line: 15, prefix: '', fence: '~~~', text: ['b'] },
  ])
})

test('a block in a list or a quotation loses what stands before its lines', () => {
  const lines = ['1. so:', '   ```console', '   $ a', '', '     b', '   ```', '> ```', '> c', '>', '> ```']
  const { blocks } = parseLesson('a', lesson(...lines))
  assert.equal(blocks.map(({ prefix, text }) => ({ prefix, text })), [
    { prefix: '   ', text: ['$ a', '', '  b'] },
    { prefix: '> ', text: ['c', ''] },
  ])
})

test('a longer fence shows a shorter one', () => {
  const { blocks } = parseLesson('a', lesson('````md', '```ts', 'x', '```', '````'))
  assert.equal(blocks.map(({ language, text }) => [language, text]), [['md', ['```ts', 'x', '```']]])
})

test('code within a line opens no block', () => {
  assert.equal(parseLesson('a', lesson('``` `x` ```', 'text')).blocks, [])
})

test('a block without an end is refused, with its line', () => {
  assert.throws(() => parseLesson('a', lesson('', '```ts', 'x')),
    /a:10: expected a line ``` that ends the block, got the end of the file/)
})

test('blocks are chosen by their language', () => {
  const found = eachBlock(parseLesson('a', lesson('```ts', '```', '```console', '$ a', '```')), 'console')
  assert.equal(found.map(({ line }) => line), [11])
})

test.run()
