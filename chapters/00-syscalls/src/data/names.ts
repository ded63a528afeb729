// File names are bytes, and most of them are UTF-8.
//
//   decodeName(bytes)   → a string; a byte that is no part of UTF-8 becomes U+DC80 to U+DCFF, which no UTF-8 has
//   encodeName(text)    → the same bytes again
//
// Invariant: encodeName(decodeName(bytes)) is bytes. @see PEP 383
import { isUtf8 } from 'node:buffer'

const ESCAPES = 0xdc00

export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const length = lengthAt(bytes, at)
    text += length === 0 ? String.fromCharCode(ESCAPES + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length)
    at += length || 1
  }
  return text
}

export function encodeName(text: string): Buffer {
  if (!/[\udc80-\udcff]/.test(text)) return Buffer.from(text)
  // A low surrogate behind a high one is half of a character.
  const parts = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/)
  return Buffer.concat(parts.map((part, i) => (i % 2 ? Buffer.from([part.charCodeAt(0) - ESCAPES]) : Buffer.from(part))))
}

/** @returns the bytes of the character that begins there; 0 if none does */
function lengthAt(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length
  }
  return 0
}
