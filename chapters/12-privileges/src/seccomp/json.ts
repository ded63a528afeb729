// JSON whose whole numbers are exact. A condition of a profile compares 64 bits; JavaScript's numbers have 53.
//
//   parseJson('profile', '{"value": 18446744073709551615}')   → { value: 18446744073709551615n }
//   formatJson({ value: 18446744073709551615n })              → the same text
//
// And the questions to ask of data from outside: a mistake is one line, `what: expected …, got …`.
// Invariant: a number up to 2^53 - 1 stays a number; only a larger one becomes a bigint.
import { SpecError } from '@pocker/syscalls'

/** How a number travels as text: behind a character that cannot be in JSON as it is. */
const MARK = '\\u0000'
const EXACT = /("(?:[^"\\]|\\.)*")|(?<=[[:,\s])(\d{16,})(?=[\s,\]}])/g

/** @throws {SpecError} if it is no JSON */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(EXACT, (all, string) => string ?? `"${MARK}${all}"`), (_, value) =>
      typeof value === 'string' && /^\0\d+$/.test(value) ? exact(BigInt(value.slice(1))) : value)
  } catch {
    throw new SpecError(`${what}: expected JSON, got ${brief(JSON.stringify(text))}`)
  }
}

export function formatJson(data: unknown): string {
  const text = JSON.stringify(data, (_, value) => (typeof value === 'bigint' ? `\0${value}` : value)) ?? 'nothing'
  return text.replace(/"\\u0000(\d+)"/g, '$1')
}

const exact = (value: bigint): number | bigint => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : value)

const brief = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)

export const wrong = (what: string, expected: string, got: unknown): SpecError =>
  new SpecError(`${what}: expected ${expected}, got ${brief(formatJson(got))}`)

export function readObject(what: string, data: unknown): Readonly<Record<string, unknown>> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw wrong(what, 'an object', data)
  return data as Readonly<Record<string, unknown>>
}

/** A list, or nothing at all, as Go writes an empty one. */
export function readList<T>(what: string, data: unknown, item: (what: string, data: unknown) => T): T[] {
  if (data === undefined || data === null) return []
  if (!Array.isArray(data)) throw wrong(what, 'a list', data)
  return data.map((entry: unknown, i) => item(`${what}[${i}]`, entry))
}

export function readText(what: string, data: unknown): string {
  if (typeof data !== 'string' || data === '') throw wrong(what, 'text', data)
  return data
}

export function readOneOf<T extends string>(what: string, names: readonly T[], data: unknown): T {
  const name = names.find((one) => one === data)
  if (name === undefined) throw wrong(what, `one of ${names.join(', ')}`, data)
  return name
}

export function readInteger(what: string, max: number, data: unknown): number {
  if (typeof data === 'number' && Number.isInteger(data) && data >= 0 && data <= max) return data
  throw wrong(what, `a whole number from 0 to ${max}`, data)
}

/** @returns a number, or a bigint if it is above 2^53 - 1 */
export function readU64(what: string, data: unknown): number | bigint {
  const value = typeof data === 'bigint' || Number.isSafeInteger(data) ? BigInt(data as number | bigint) : -1n
  if (value < 0n || value >= 2n ** 64n) throw wrong(what, 'an unsigned 64-bit integer', data)
  return exact(value)
}
