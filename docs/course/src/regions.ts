// Source in prose. A block `ts file=src/uts.ts region=uts` shows what is between `// region uts` and `// endregion`.
//
//   regionOf('src/uts.ts', text, 'uts')   → its lines, without the markers, moved to the left margin
//   stale(lesson, source)                 → the blocks that show something else, each with the first line that differs
//   synced(lesson, text, source)          → the lesson's text with the source as it is now
//
// Invariant: pure; `source` is asked for a file by the name that the block gives. synced() changes nothing but the text
// of stale blocks, and after it none is stale.
import { SpecError } from '@pocker/syscalls'
import { closes, type Block, type Lesson } from './lesson.ts'

/** @returns the content of a file, its path as the block has it; undefined if there is none */
export type Source = (path: string) => string | undefined

export interface Stale {
  readonly block: Block
  /** The lines that it should show. */
  readonly source: readonly string[]
  /** The number of the first line of the lesson that differs. */
  readonly line: number
  /** The line of the source, and that of the lesson; undefined where one of them has ended. */
  readonly expected: string | undefined
  readonly got: string | undefined
}

const OPEN = /^\s*(?:\/\/|#) region (?<name>\S+)\s*$/
const CLOSE = /^\s*(?:\/\/|#) endregion\b/

/**
 * @param name without one, the whole file
 * @throws {SpecError} if there is no such region, more than one, or one without an end
 */
export function regionOf(path: string, text: string, name?: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  const shown = name === undefined ? lines : lines.slice(...bounds(path, lines, name))
  return toMargin(shown.filter((line) => !OPEN.test(line) && !CLOSE.test(line)))
}

/** @returns the first line of the region, and the line of its end; regions may lie in one another */
function bounds(path: string, lines: readonly string[], name: string): [number, number] {
  const names = lines.map((line) => OPEN.exec(line)?.groups?.['name'])
  const start = names.indexOf(name)
  if (start < 0) {
    const known = names.filter((other) => other !== undefined).join(', ') || 'none at all'
    throw new SpecError(`${path}: expected the region ${name}, got ${known}`)
  }
  if (names.lastIndexOf(name) !== start) {
    throw new SpecError(`${path}: expected one region ${name}, got two of that name`)
  }
  let depth = 1
  for (let at = start + 1; at < lines.length; at++) {
    if (names[at] !== undefined) depth++
    if (CLOSE.test(lines[at] ?? '') && --depth === 0) return [start + 1, at]
  }
  const where = `${path}: region ${name}`
  throw new SpecError(`${where}: expected a line // endregion after line ${start + 1}, got the end of the file`)
}

function toMargin(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length)
  const least = Math.min(...indents)
  return lines.map((line) => line.slice(least).trimEnd())
}

/**
 * @returns the blocks that show something else than their source, in the lesson's order
 * @throws {SpecError} if a block names a file or a region that is not there
 */
export function stale(lesson: Lesson, source: Source): Stale[] {
  return lesson.blocks.filter(({ attributes }) => attributes['file'] !== undefined).flatMap((block) => {
    const lines = expectedText(lesson.file, block, source)
    const length = Math.max(lines.length, block.text.length)
    const at = Array.from({ length }, (_, i) => i).find((i) => lines[i] !== block.text[i])
    if (at === undefined) return []
    return [{ block, source: lines, line: block.line + 1 + at, expected: lines[at], got: block.text[at] }]
  })
}

function expectedText(file: string, { line, fence, attributes }: Block, source: Source): string[] {
  const { file: path = '', region } = attributes
  const text = source(path)
  const where = `${file}:${line}`
  if (text === undefined) {
    throw new SpecError(`${where}: expected a file of the chapter, got ${path}, which does not exist`)
  }
  const lines = prefixErrors(where, () => regionOf(path, text, region))
  if (lines.some((shown) => closes(fence, shown))) {
    throw new SpecError(`${where}: expected a fence longer than those in ${path}, got ${fence}`)
  }
  return lines
}

function prefixErrors<T>(where: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`${where}: ${error.message}`, { cause: error }) : error
  }
}

/** @returns the text of the lesson, its blocks up to date */
export function synced(lesson: Lesson, text: string, source: Source): string {
  const lines = text.split('\n')
  // From the end, so that the line numbers of those before stay right.
  for (const { block, source: shown } of stale(lesson, source).toReversed()) {
    lines.splice(block.line, block.text.length, ...shown.map((line) => `${block.prefix}${line}`.trimEnd()))
  }
  return lines.join('\n')
}

/** One stale block, for people. */
export function formatStale(file: string, { block, line, expected, got }: Stale): string {
  const quote = (text?: string): string => (text === undefined ? 'the end of the block' : JSON.stringify(text))
  const { file: path, region } = block.attributes
  const name = region === undefined ? path : `${path} region ${region}`
  return `${file}:${line}: expected ${quote(expected)} as in ${name}, got ${quote(got)}; run: npx course sync`
}
