// A lesson as data: what its front matter says, and its code blocks with the lines at which they stand.
//
//   parseLesson('chapters/02-uts/README.md', text)   → { file, title, minutes, objectives, needs, previous, blocks }
//   eachBlock(lesson, 'console')                     → the blocks of one language
//
// Invariant: pure, and nothing is lost: from a block's line, prefix and fence its text can be put back where it stood.
import { parse } from 'yaml'
import { SpecError } from '@pocker/syscalls'

/** What a lesson's commands need: root, an ordinary user who may make user namespaces, or just an ordinary user. */
export type Needs = 'root' | 'userns' | 'none'
const NEEDS: readonly unknown[] = ['root', 'userns', 'none'] satisfies Needs[]

export interface Block {
  /** The first word after the fence: `ts`, `console`. */
  readonly language: string
  /** The `name=value` words after it. */
  readonly attributes: Readonly<Record<string, string>>
  /** The number of the line with the opening fence; the first line of text is the one after it. */
  readonly line: number
  /** What stands before the fence, and before each line of the text: the indentation of a list, or `> `. */
  readonly prefix: string
  /** Three or more backticks or tildes. */
  readonly fence: string
  readonly text: readonly string[]
}

export interface Lesson {
  readonly file: string
  readonly title: string
  readonly minutes: number
  readonly objectives: readonly string[]
  readonly needs: Needs
  /** The folder of the chapter before, such as `01-chroot`; null for the first. */
  readonly previous: string | null
  readonly blocks: readonly Block[]
}

/**
 * @param file the name for error messages
 * @throws {SpecError} with file and line, if the front matter is wrong or a block is not closed
 */
export function parseLesson(file: string, text: string): Lesson {
  const lines = text.split('\n')
  const end = lines[0] === '---' ? lines.indexOf('---', 1) : -1
  if (end < 0) {
    throw new SpecError(`${file}:1: expected front matter between two lines ---, got ${JSON.stringify(lines[0])}`)
  }
  return {
    file,
    ...frontMatter(`${file}:1`, parseYaml(`${file}:1`, lines.slice(1, end).join('\n'))),
    blocks: parseBlocks(file, lines, end + 1),
  }
}

export const eachBlock = (lesson: Lesson, language: string): readonly Block[] =>
  lesson.blocks.filter((block) => block.language === language)

function parseYaml(where: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = parse(text)
    if (isRecord(value)) return value
  } catch (error) {
    const [said] = (error as Error).message.split('\n')
    throw new SpecError(`${where}: expected YAML, got ${said}`, { cause: error })
  }
  throw new SpecError(`${where}: expected YAML fields such as title: …, got ${JSON.stringify(text)}`)
}

function frontMatter(where: string, fields: Readonly<Record<string, unknown>>): Omit<Lesson, 'file' | 'blocks'> {
  const { title, minutes, objectives, needs, previous = null, ...rest } = fields
  const expect = (right: boolean, name: string, what: string, value: unknown): void => {
    if (!right) throw new SpecError(`${where}: ${name}: expected ${what}, got ${JSON.stringify(value) ?? 'nothing'}`)
  }
  expect(isText(title), 'title', 'text', title)
  expect(typeof minutes === 'number' && minutes > 0, 'minutes', 'a number above 0', minutes)
  expect(isTexts(objectives), 'objectives', 'a list of texts', objectives)
  expect(NEEDS.includes(needs), 'needs', 'root, userns or none', needs)
  expect(previous === null || isText(previous), 'previous', 'the folder of a chapter', previous)
  const [unknown] = Object.keys(rest)
  expect(unknown === undefined, 'front matter', 'title, minutes, objectives, needs and previous only', unknown)
  return { title, minutes, objectives, needs, previous } as Omit<Lesson, 'file' | 'blocks'>
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isText)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The opening line of a block. @see https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
const OPENING = /^(?<prefix>[\s>]*)(?<fence>`{3,}|~{3,})(?<info>[^`]*)$/

function parseBlocks(file: string, lines: readonly string[], from: number): Block[] {
  const blocks: Block[] = []
  for (let at = from; at < lines.length; at++) {
    const { prefix, fence, info } = OPENING.exec(lines[at] ?? '')?.groups ?? {}
    if (prefix === undefined || fence === undefined || info === undefined) continue
    const after = lines.slice(at + 1).map((line) => without(prefix, line))
    const length = after.findIndex((line) => closes(fence, line))
    if (length < 0) {
      throw new SpecError(`${file}:${at + 1}: expected a line ${fence} that ends the block, got the end of the file`)
    }
    blocks.push({ ...parseInfo(info), line: at + 1, prefix, fence, text: after.slice(0, length) })
    at += length + 1
  }
  return blocks
}

/** A blank line need not carry the blanks at the end of the prefix. */
const without = (prefix: string, line: string): string =>
  line.startsWith(prefix) ? line.slice(prefix.length) : line === prefix.trimEnd() ? '' : line

/** @returns whether the line would end a block that was opened with the fence */
export function closes(fence: string, line: string): boolean {
  const text = line.trim()
  return text.length >= fence.length && text === (fence[0] ?? '').repeat(text.length) && /^ {0,3}\S/.test(line)
}

function parseInfo(info: string): Pick<Block, 'language' | 'attributes'> {
  const [language = '', ...words] = info.trim().split(/\s+/)
  const pairs = words.map((word): [string, string] => {
    const at = word.indexOf('=')
    return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
  })
  return { language, attributes: Object.fromEntries(pairs) }
}
