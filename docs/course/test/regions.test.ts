// Source blocks: found stale, and brought up to date.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lessonsOf, sourceBeside, syncLesson } from '../src/chapters.ts'
import { formatStale, regionOf, stale } from '../src/regions.ts'

const SOURCE = `// header
// region outer
export function outer() {
  // region inner
  if (true) {
    inner()

  }
  // endregion
}
// endregion
// region after
after()
// endregion
`

const REGIONS: readonly [string, string | undefined, string[]][] = [
  ['its lines, without the markers of another inside', 'outer',
    ['export function outer() {', '  if (true) {', '    inner()', '', '  }', '}']],
  ['at the left margin', 'inner', ['if (true) {', '  inner()', '', '}']],
  ['the one of that name', 'after', ['after()']],
  ['the whole file without a name', undefined,
    ['// header', 'export function outer() {', '  if (true) {', '    inner()', '', '  }', '}', 'after()']],
]
for (const [what, name, lines] of REGIONS) {
  test(`a region is ${what}`, () => assert.equal(regionOf('a.ts', SOURCE, name), lines))
}

test('in assembly, regions are marked with #', () => {
  assert.equal(regionOf('a.S', '# region x\nsyscall # go\n# endregion\nret\n', 'x'), ['syscall # go'])
})

const WRONG: readonly [string, string, RegExp][] = [
  ['of an unknown name', SOURCE, /a.ts: expected the region x, got outer, inner, after$/],
  ['in a file without any', 'a', /a.ts: expected the region x, got none at all$/],
  ['twice', '// region x\n// endregion\n// region x\n// endregion',
    /a.ts: expected one region x, got two of that name$/],
  ['without an end', 'a\n// region x\nb',
    /a.ts: region x: expected a line \/\/ endregion after line 2, got the end of the file$/],
]
for (const [what, text, error] of WRONG) {
  test(`a region is refused: ${what}`, () => {
    assert.throws(() => regionOf('a.ts', text, 'x'), (thrown: Error) => error.test(thrown.message))
  })
}

const LESSON = `---
title: t
minutes: 1
objectives: [o]
needs: none
---
\`\`\`ts file=src/a.ts region=one
old()
\`\`\`
Between.

1. In a list:
   \`\`\`ts file=src/a.ts region=two
   two(

   )
   \`\`\`
\`\`\`ts
free()
\`\`\`
\`\`\`S file=src/b.S
ret
\`\`\`
`
const A = '// region one\none()\nmore()\n// endregion\n// region two\ntwo(\n\n)\n// endregion\n'

/** A repository with one lesson; its files may be changed by `files`. */
function inRepository(files: Record<string, string>, body: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'course-regions-'))
  try {
    for (const [file, text] of Object.entries({ 'README.md': LESSON, 'src/a.ts': A, 'src/b.S': 'ret\n', ...files })) {
      mkdirSync(dirname(join(root, 'chapters/02-uts', file)), { recursive: true })
      writeFileSync(join(root, 'chapters/02-uts', file), text)
    }
    body(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}
const check = (root: string): string[] => lessonsOf(root).flatMap((lesson) =>
  stale(lesson, sourceBeside(root, lesson.file)).map((block) => formatStale(lesson.file, block)))
const sync = (root: string): number[] => lessonsOf(root).map((lesson) => syncLesson(root, lesson))

test('a block that differs is reported with file, line and both lines', () => {
  inRepository({}, (root) => assert.equal(check(root), [
    'chapters/02-uts/README.md:8: expected "one()" as in src/a.ts region one, got "old()"; run: npx course sync',
  ]))
})

test('a change of one line of the source is reported, in each of its blocks', () => {
  const changed = {
    'README.md': LESSON.replace('old()', 'one()\nmore()'),
    'src/a.ts': A.replaceAll(')\n//', ') // now\n//'),
    'src/b.S': 'ret\nnop\n',
  }
  inRepository(changed, (root) => assert.equal(check(root).map((line) => /:(\d+: .*?, got .*?);/.exec(line)?.[1]), [
    '9: expected "more() // now" as in src/a.ts region one, got "more()"',
    '17: expected ") // now" as in src/a.ts region two, got ")"',
    '24: expected "nop" as in src/b.S, got the end of the block',
  ]))
})

test('sync rewrites what differs and nothing else, and then check is content', () => {
  inRepository({}, (root) => {
    assert.equal(sync(root), [1])
    assert.is(readFileSync(join(root, 'chapters/02-uts/README.md'), 'utf8'), LESSON.replace('old()', 'one()\nmore()'))
    assert.equal(check(root), [])
    assert.equal(sync(root), [0])
    assert.equal(readdirSync(join(root, 'chapters/02-uts')), ['README.md', 'src'])
  })
})

test('sync keeps a block in its list', () => {
  inRepository({ 'src/a.ts': A.replace('two(\n\n)', 'if (a) {\n  two()\n\n}') }, (root) => {
    sync(root)
    const [, list] = readFileSync(join(root, 'chapters/02-uts/README.md'), 'utf8').split('In a list:\n')
    const block = ['```ts file=src/a.ts region=two', 'if (a) {', '  two()', '', '}', '```']
    const indented = block.map((line) => line && `   ${line}`)
    assert.match(list ?? '', [...indented, '```ts', 'free()'].join('\n'))
  })
})

test('a block whose file is not there is refused, with its line', () => {
  inRepository({ 'README.md': LESSON.replace('src/b.S', 'src/c.S') }, (root) => {
    assert.throws(() => check(root),
      /02-uts\/README.md:21: expected a file of the chapter, got src\/c.S, which does not exist/)
  })
})

test('a source that would end its block is refused', () => {
  inRepository({ 'src/b.S': 'a\n```\n' }, (root) => {
    assert.throws(() => check(root), /README.md:21: expected a fence longer than those in src\/b.S, got ```/)
  })
})

test('a chapter is named by its number or its folder, and an unknown one is refused', () => {
  inRepository({}, (root) => {
    for (const name of ['02', '2', '02-uts']) assert.equal(lessonsOf(root, [name]).map(({ title }) => title), ['t'])
    assert.throws(() => lessonsOf(root, ['03']), /chapter: expected one of 02-uts, got 03/)
  })
})

test.run()
