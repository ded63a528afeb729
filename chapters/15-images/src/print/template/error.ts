// What is wrong with a template.
//
//   throw syntaxError(source, at, 'unclosed action')        throw executionError(source, part, 'map has no entry for key "X"')
//
// Invariant: the words and the place are Go's, as Docker prints them; so what people find about them holds here.
import { SpecError } from '@pocker/syscalls'

/** @see https://pkg.go.dev/text/template */
export class TemplateError extends SpecError {
  constructor(what: string, options?: ErrorOptions) {
    super(`template parsing error: template: ${what}`, options)
  }
}

/** The line of an offset, and the bytes before it in that line, as Go counts them: lines from 1, bytes from 0. */
function place(source: string, at: number): { line: number; column: number } {
  const before = source.slice(0, at)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: Buffer.byteLength(before.slice(start)) }
}

/** While it is read. */
export const syntaxError = (source: string, at: number, what: string): TemplateError =>
  new TemplateError(`:${place(source, at).line}: ${what}`)

/** While it is filled in; `text` is the part at fault. */
export function executionError(source: string, part: { at: number; text: string }, what: string): TemplateError {
  const { line, column } = place(source, part.at)
  return new TemplateError(`:${line}:${column}: executing "" at <${part.text}>: ${what}`)
}
