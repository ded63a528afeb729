// Terminal sessions in prose: what is typed, what should come, and whether it came.
//
//   transcript(file, block)       → exchanges: a command, and the lines expected after it
//   mismatch(expected, output)    → the first expected line that did not come, or undefined
//
//   $ cmd   # cmd   a prompt; `> …` right below continues the command
//   …               within a line: anything; alone on a line: any number of lines, also none
//   <id>            a hexadecimal id of eight digits or more
//
// A line of output that looks like a prompt is written with an … in front. Invariant: pure.
import { SpecError } from '@pocker/syscalls'
import type { Block } from './lesson.ts'

export interface ExpectedLine { readonly line: number; readonly text: string }

export interface Exchange {
  /** Where the prompt stands. */
  readonly line: number
  readonly command: string
  readonly expected: readonly ExpectedLine[]
}

export interface Mismatch {
  /** Where the lesson has what did not come; where the output should have ended, the last line before that. */
  readonly line: number | undefined
  readonly expected: string
  readonly got: string
  /** The rest of what was expected and of what came, from the mismatch on. */
  readonly missing: readonly string[]
  readonly surplus: readonly string[]
}

const PROMPT = /^[$#] (?<command>.*)$/
const CONTINUED = /^> ?(?<command>.*)$/
export const ANY = '…'
const END = 'the end of the output'

/** @throws {SpecError} if the block does not start with a prompt */
export function transcript(file: string, block: Block): Exchange[] {
  const exchanges: { line: number; command: string; expected: ExpectedLine[] }[] = []
  block.text.forEach((text, i) => {
    const line = block.line + 1 + i
    const last = exchanges.at(-1)
    const command = PROMPT.exec(text)?.groups?.['command']
    const more = last?.expected.length === 0 ? CONTINUED.exec(text)?.groups?.['command'] : undefined
    if (command !== undefined) exchanges.push({ line, command, expected: [] })
    else if (last && more !== undefined) last.command += `\n${more}`
    else if (last) last.expected.push({ line, text })
    else throw noPrompt(file, line, JSON.stringify(text))
  })
  if (exchanges.length === 0) throw noPrompt(file, block.line, 'nothing')
  return exchanges
}

const noPrompt = (file: string, line: number, got: string): SpecError =>
  new SpecError(`${file}:${line}: expected a prompt, $ or #, as the first line of a console block, got ${got}`)

/** @returns whether one line of output is what a line of the lesson says */
export function matches(expected: string, got: string): boolean {
  const pattern = expected.split(/(…|<id>)/).map((part) =>
    part === ANY ? '.*' : part === '<id>' ? '[0-9a-f]{8,}' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(`^${pattern.join('')}$`, 'su').test(got)
}

/** @returns the lines that a terminal would show; blanks at the end of a line cannot be seen, and do not count */
export const linesOf = (output: string): string[] =>
  output === '' ? [] : output.replace(/\n$/, '').split('\n').map((line) => line.trimEnd())

/** Follows all ways in which the lines can match at once: the places in the output at which the next line may stand. */
export function mismatch(expected: readonly ExpectedLine[], output: string): Mismatch | undefined {
  const lines = linesOf(output)
  let places = [0]
  for (const [i, { line, text }] of expected.entries()) {
    const next = text === ANY ? from(places[0] ?? 0, lines.length)
      : places.filter((at) => at < lines.length && matches(text.trimEnd(), lines[at] ?? '')).map((at) => at + 1)
    if (next.length === 0) return report(line, text, expected.slice(i), lines.slice(places[0]))
    places = next
  }
  if (places.includes(lines.length)) return undefined
  return report(expected.at(-1)?.line, END, [], lines.slice(places.at(-1)))
}

const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)

function report(
  line: number | undefined, expected: string, missing: readonly ExpectedLine[], surplus: readonly string[],
): Mismatch {
  return { line, expected, got: surplus[0] ?? END, missing: missing.map(({ text }) => text), surplus }
}
