// Values as Go sees them: what is true, what is less, how each is printed.
//
//   shown({ b: 1, a: [true, null] })   → 'map[a:[true <nil>] b:1]'
//   sprintf('%-5s|%03d', ['a', 7])     → 'a    |007'
//
// Values are what JSON has; a key whose value is undefined is one that is known, and not set.
import { quote } from './quote.ts'

export type Value = unknown
export type Fields = Readonly<Record<string, Value>>

export const isMap = (value: Value): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Its keys are a user's own, as labels are: any may be asked for. */
export const isOfStrings = (map: Fields): boolean => {
  const values = Object.values(map)
  return values.length > 0 && values.every((value) => typeof value === 'string')
}

/** Its own keys, in order. */
export const keysOf = (map: Fields): string[] => Object.keys(map).filter((key) => map[key] !== undefined).toSorted(byBytes)

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0
  return isMap(value) ? keysOf(value).length > 0 : Boolean(value)
}

export function typeOf(value: Value): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (isMap(value)) return 'map[string]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** As %v does. */
export const shown = (value: Value): string => elements(value, shown)
  ?? (value === null || value === undefined ? '<nil>' : String(value as string | number | boolean))

/** Of a list or a map, each by itself; undefined for what is neither. */
function elements(value: Value, each: (one: Value) => string): string | undefined {
  if (Array.isArray(value)) return `[${value.map(each).join(' ')}]`
  if (isMap(value)) return `map[${keysOf(value).map((key) => `${each(key)}:${each(value[key])}`).join(' ')}]`
  return undefined
}

/** @returns below 0, 0 or above; undefined if they cannot be compared */
export function compare(a: Value, b: Value): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return typeof a === 'string' && typeof b === 'string' ? byBytes(a, b) : undefined
}

/** Blanks between two of which neither is a string. @see https://pkg.go.dev/fmt#Print */
export const sprint = (values: readonly Value[]): string => values.reduce<string>((text, value, i) => {
  const blank = i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string'
  return text + (blank ? ' ' : '') + shown(value)
}, '')

const VERB = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.|$)/gsu

/** @see https://pkg.go.dev/fmt */
export function sprintf(format: string, values: readonly Value[]): string {
  let used = 0
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text === '*' ? values[used++] : text)
  const text = format.replace(VERB, (_, flags: string, wide: string | undefined, exact: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    const [width, precision] = [Math.min(number(wide) ?? 0, 1_000_000), number(exact)]
    if (!verb) return '%!(NOVERB)'
    if (used >= values.length) return `%!${verb}(MISSING)`
    return padded(formatted(verb, values[used++], flags, precision), width, flags)
  })
  const extra = values.slice(used).map((value) => `${typeOf(value)}=${shown(value)}`)
  return extra.length > 0 ? `${text}%!(EXTRA ${extra.join(', ')})` : text
}

/** Zeros go between the sign and the digits, and never behind. */
function padded(text: string, width: number, flags: string): string {
  const missing = Math.max(0, width - [...text].length)
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + text
  const sign = /^[+-](?=\d)/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function formatted(verb: string, value: Value, flags: string, precision?: number): string {
  if (verb !== 'T') {
    const all = elements(value, (one) => formatted(verb, one, flags, precision))
    if (all !== undefined) return all
  }
  const sign = flags.includes('+') && typeof value === 'number' && value >= 0 ? '+' : ''
  const text = BY_VERB[verb]?.(value, precision)
  if (text !== undefined) return sign + text
  return `%!${verb}(${value === undefined || value === null ? '<nil>' : `${typeOf(value)}=${shown(value)}`})`
}

type Format = (value: Value, precision?: number) => string | undefined
const whole = (radix: number): Format => (value) => Number.isInteger(value) ? (value as number).toString(radix) : undefined
const float = (print: (value: number, precision?: number) => string): Format => (value, precision) =>
  typeof value === 'number' ? print(value, precision) : undefined

const character = (value: Value, around = ''): string | undefined =>
  Number.isInteger(value) ? around + String.fromCodePoint(value as number) + around : undefined

/** Go's exponents have two digits at least. */
const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2')

const BY_VERB: Readonly<Record<string, Format>> = {
  v: (value, precision) => precision !== undefined && typeof value === 'number' ? general(value, precision) : shown(value),
  s: (value, precision) => typeof value === 'string' ? [...value].slice(0, precision).join('') : undefined,
  q: (value) => (typeof value === 'string' ? quote(value) : character(value, '\'')),
  x: (value) => typeof value === 'string' ? Buffer.from(value).toString('hex') : whole(16)(value),
  X: (value) => BY_VERB['x']?.(value)?.toUpperCase(),
  d: whole(10), b: whole(2), o: whole(8),
  c: (value) => character(value),
  t: (value) => typeof value === 'boolean' ? String(value) : undefined,
  f: float((value, precision = 6) => value.toFixed(Math.min(precision, 100))),
  e: float((value, precision = 6) => exponent(value.toExponential(Math.min(precision, 100)))),
  g: float((value, precision) => precision === undefined ? String(value) : general(value, precision)),
  T: typeOf,
}

/** As %.3g: so many digits, no zeros behind the point, an exponent where the number is too great for them. */
export function general(value: number, digits: number): string {
  const text = value.toPrecision(Math.min(Math.max(digits, 1), 100))
  const [mantissa = '', power] = text.split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  return power === undefined ? short : exponent(`${short}e${power}`)
}
