// From the text of a template to what stands between {{ and }}, in words.
//
//   pieces('a {{- .Name }} b')   → [text 'a', action [.Name], text ' b']
//
// Invariant: every character of the template is in one piece, but for comments and blanks that {{- and -}} take away.
import { syntaxError } from './error.ts'

type Kind = 'field' | 'variable' | 'number' | 'word' | 'string' | 'sign' | 'dot' | 'char'

export interface Token {
  readonly kind: Kind
  readonly text: string
  /** Its offset in the template. */
  readonly at: number
  /** No blank before it: .A.B is one operand, .A .B are two. */
  readonly glued: boolean
}
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly at: number; readonly end: number; readonly tokens: readonly Token[] }

const BLANKS = /[ \t\r\n]+/y
const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]*`
const KINDS: readonly (readonly [Kind, RegExp])[] = [
  ['number', /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y],
  ['field', new RegExp(`\\.${NAME}`, 'uy')],
  ['variable', new RegExp(`\\$(?:[\\p{L}\\p{N}_]*)`, 'uy')],
  ['word', new RegExp(NAME, 'uy')],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`|'(?:[^'\\\n]|\\[^\n])+'/y],
  ['sign', /:=|[=|(),]/y],
  ['dot', /\./y],
  ['char', /[!-~]/y],
]
const QUOTES: Readonly<Record<string, string>> = {
  '"': 'unterminated quoted string', '`': 'unterminated raw quoted string', '\'': 'unterminated character constant',
}
/** Kinds that only a blank or a sign may end. */
const NAMED = new Set<Kind>(['field', 'variable', 'word'])
const LETTER = /[\p{L}\p{N}_]/uy
const BEHIND_NAME = /$|[\s.,|:=()]|\}\}/y

/** @throws {TemplateError} */
export function pieces(source: string): Piece[] {
  const found: Piece[] = []
  let trimsNext = false
  for (let at = 0; ;) {
    const open = source.indexOf('{{', at)
    const trims = open >= 0 && /-[ \t\r\n]/y.test(source.slice(open + 2, open + 4))
    const text = source.slice(at, open < 0 ? undefined : open)
    const left = trimsNext ? text.trimStart() : text
    found.push({ kind: 'text', text: trims ? left.trimEnd() : left })
    if (open < 0) return found
    const start = open + (trims ? 4 : 2)
    const action = source.startsWith('/*', start) ? skipComment(source, start) : lexAction(source, start)
    if (action.tokens) found.push({ kind: 'action', at: start, end: action.end, tokens: action.tokens })
    at = action.end + (action.trims ? action.trims : 2)
    trimsNext = action.trims > 0
  }
}

/** `end` is where the closing }} begins, or the blanks before its -; `trims` how long that is, if it takes blanks away. */
interface Action { readonly tokens?: readonly Token[]; readonly end: number; readonly trims: number }

function lexAction(source: string, start: number): Action {
  const tokens: Token[] = []
  for (let at = start; ;) {
    const trimmed = match(/[ \t\r\n]+-\}\}/y, source, at)
    if (trimmed !== undefined) return { tokens, end: at, trims: trimmed.length }
    const blanks = match(BLANKS, source, at)?.length ?? 0
    at += blanks
    if (source.startsWith('}}', at)) return { tokens, end: at, trims: 0 }
    if (at >= source.length) throw syntaxError(source, start, 'unclosed action')
    const token = lexToken(source, at, blanks === 0)
    tokens.push(token)
    at += token.text.length
  }
}

function lexToken(source: string, at: number, glued: boolean): Token {
  for (const [kind, pattern] of KINDS) {
    const text = match(pattern, source, at)
    if (text === undefined) continue
    if (kind === 'char' && QUOTES[text]) throw syntaxError(source, at, QUOTES[text])
    const end = at + text.length
    if (kind === 'number' && match(LETTER, source, end)) {
      throw syntaxError(source, at, `bad number syntax: ${JSON.stringify(text + source[end])}`)
    }
    if (NAMED.has(kind) && match(BEHIND_NAME, source, end) === undefined) throw badCharacter('bad character', source, end)
    return { kind, text, at, glued }
  }
  throw badCharacter('unrecognized character in action:', source, at)
}

function badCharacter(what: string, source: string, at: number): Error {
  const code = source.codePointAt(at) ?? 0
  const shown = JSON.stringify(String.fromCodePoint(code)).slice(1, -1)
  return syntaxError(source, at, `${what} U+${code.toString(16).toUpperCase().padStart(4, '0')} '${shown}'`)
}

function skipComment(source: string, start: number): Action {
  const end = source.indexOf('*/', start) + 2
  if (end < 2) throw syntaxError(source, start, 'unclosed comment')
  const close = match(/\}\}|[ \t\r\n]+-\}\}/y, source, end)
  if (close === undefined) throw syntaxError(source, start, 'comment ends before closing delimiter')
  return { end, trims: close.length > 2 ? close.length : 0 }
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}
