// The ways in which a check can end without points. Whatever else is thrown is the grader's own fault.
//
//   throw new Failure('…', { expected, seen })   → fail: the answer is wrong
//   throw new Lacks('…')                         → skip: this machine cannot run the check
//   same(seen, expected, '…')                    → Failure unless they are equal
export type Verdict = 'pass' | 'fail' | 'skip' | 'error'

/** What the check wanted to see, and what the kernel said instead. */
export interface Difference { readonly expected?: string; readonly seen?: string }

/** The answer is wrong. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly difference: Difference

  constructor(message: string, difference: Difference = {}, options?: ErrorOptions) {
    super(message, options)
    this.difference = difference
  }
}

/** The answer, or its container, took too long. */
export class Late extends Failure {}

/** The machine lacks what the check needs. */
export class Lacks extends Error {
  override readonly name = 'Lacks'
}

/** @throws {Failure} with both values, unless they are equal */
export function same(seen: string, expected: string, message: string): void {
  if (seen !== expected) throw new Failure(message, { expected, seen })
}

/** Characters of a text that is told. */
const LONGEST = 2000

/**
 * What a stranger's program has said, in one line: it begins no line of a report, steers no terminal and fills no disk.
 * Control characters, and those that change the direction of what is behind them, are shown by their numbers.
 */
export function told(text: string): string {
  const shown = text.slice(0, LONGEST).replaceAll('\n', '\\n')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`)
  return text.length > LONGEST ? `${shown}… (${text.length} characters)` : shown
}
