// Quoted strings, as Go writes them.
//
//   unquote('"a\\tb"')   → 'a', a tab, 'b'        quote('a"b')   → '"a\\"b"'
//
// Invariant: unquote(quote(text)) is text. @see https://go.dev/ref/spec#String_literals

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '\'': '\'', '"': '"',
}
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.)|$)/gs

/** @returns undefined if an escape is none; of 'c', the number of the character */
export function unquote(text: string): string | number | undefined {
  const inner = text.slice(1, -1)
  if (text.startsWith('`')) return inner.replaceAll('\r', '')
  let fine = true
  const value = inner.replace(ESCAPE, (_, byte, short, long, octal, letter: string | undefined) => {
    const hex: string | undefined = byte ?? short ?? long
    const code = hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal, 8) : undefined
    const found = code === undefined ? LETTERS[letter ?? ''] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined
    fine &&= found !== undefined
    return found ?? ''
  })
  if (!fine) return undefined
  if (!text.startsWith('\'')) return value
  return [...value].length === 1 ? value.codePointAt(0) : undefined
}

export function quote(text: string): string {
  const escaped = text.replace(/["\\]|[\x00-\x1f\x7f-\x9f\u2028\u2029]/gu, (found) => {
    const letter = Object.keys(LETTERS).find((key) => LETTERS[key] === found)
    const code = found.codePointAt(0) ?? 0
    return letter ? `\\${letter}` : code < 0x80 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
  })
  return `"${escaped}"`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
