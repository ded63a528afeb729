// The shape of the repository, as tests: what the README promises of every chapter.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const chapters = readdirSync(join(root, 'chapters'))
const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8')
const manifest = (chapter: string): { name: string } => JSON.parse(text('chapters', chapter, 'package.json'))
const numberOf = new Map(chapters.map((chapter) => [manifest(chapter).name, Number(chapter.slice(0, 2))]))

function sources(dir: string): string[] {
  return readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules') && !file.includes('dist/'))
    .map((file) => join(dir, file)).filter((file) => statSync(join(root, file)).isFile())
}

/** The modules that a file imports, by their names as written. */
const imports = (file: string): string[] =>
  Array.from(text(file).matchAll(/^(?:import|export) (?:[^'`]* from )?'([^']+)'/gm), ([, name]) => name ?? '')

test('a chapter imports only chapters with a lower number', () => {
  for (const chapter of chapters) {
    for (const file of sources(join('chapters', chapter))) {
      for (const name of imports(file)) {
        const number = numberOf.get(name)
        if (number !== undefined) assert.ok(number <= Number(chapter.slice(0, 2)), `${file} imports ${name}`)
      }
    }
  }
})

/** The folder of the package that a path lies in. */
const packageOf = (path: string): string =>
  /^(pocker|\.ci|[^/]+\/[^/]+)\//.exec(path)?.[1] ?? path

test('nobody reaches into the files of another package', () => {
  for (const file of ['chapters', 'pocker', 'exercises', 'docs', '.ci'].flatMap(sources)) {
    for (const name of imports(file)) {
      assert.not.match(name, /^@pocker\/[^/]+\//, `${file} imports ${name}`)
      if (!name.startsWith('.')) continue
      assert.is(packageOf(join(dirname(file), name)), packageOf(file), `${file} imports ${name}`)
    }
  }
})

test('every chapter has the same skeleton', () => {
  for (const chapter of chapters) {
    assert.match(chapter, /^\d\d-[a-z]+$/)
    for (const file of ['README.md', 'package.json', 'tsconfig.json', 'src/index.ts', 'test', 'pocker.ts']) {
      assert.ok(existsSync(join(root, 'chapters', chapter, file)), `chapters/${chapter} lacks ${file}`)
    }
    assert.is(manifest(chapter).name, `@pocker/${chapter.slice(3)}`)
  }
})

test('a stage program has at most 40 lines', () => {
  for (const chapter of chapters) {
    const lines = text('chapters', chapter, 'pocker.ts').trimEnd().split('\n').length
    assert.ok(lines <= 40, `chapters/${chapter}/pocker.ts has ${lines} lines`)
  }
})

test('a lesson has its sections, in their order', () => {
  const sections = [
    'The question', 'Try it', 'The syscalls', 'The code', 'Break it', 'Docker does', 'Exercises', 'Check yourself', 'Sources',
  ]
  for (const chapter of chapters) {
    const headings = Array.from(text('chapters', chapter, 'README.md').matchAll(/^## (.+)$/gm), ([, title]) => title ?? '')
    assert.equal(headings, sections, `chapters/${chapter}/README.md`)
  }
})

test('the finished tool is wiring: under 1,500 lines, and no system call in it', () => {
  const files = sources('pocker/src')
  const lines = files.map((file) => text(file).split('\n').length).reduce((sum, n) => sum + n, 0)
  assert.ok(lines < 1500, `pocker/src has ${lines} lines`)
  for (const file of files) assert.not.match(text(file), /call: '/, file)
})

test('a source file begins with what it is for', () => {
  for (const file of ['chapters', 'pocker', 'exercises', 'docs', '.ci'].flatMap(sources)) {
    assert.match(text(file), /^(#!.*\n)?(\/\/|\/\*)/, `${file} has no header`)
  }
})

test('a source line fits a lecture screen: at most 132 columns', () => {
  for (const file of ['chapters', 'pocker', 'exercises', 'docs', '.ci'].flatMap(sources)) {
    if (file.includes('/test/') || file.endsWith('.test.ts')) continue // tables of cases
    text(file).split('\n').forEach((line, i) => assert.ok(line.length <= 132, `${file}:${i + 1} has ${line.length} columns`))
  }
})

test('every chapter that is here is in the README', () => {
  for (const chapter of chapters) assert.ok(text('README.md').includes(`chapters/${chapter}`), chapter)
})

test.run()
