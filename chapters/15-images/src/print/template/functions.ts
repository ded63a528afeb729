// The functions of a template: Go's own, and those that Docker adds.
//
//   FUNCTIONS.join.call(['a', 'b'], ',')   → 'a,b'
//
// Invariant: a function is called with what `takes` says, and so many. @see https://pkg.go.dev/text/template#hdr-Functions
import { compare, isMap, sprint, sprintf, shown, typeOf, type Value } from './values.ts'

export type Parameter = 'string' | 'int' | 'strings' | 'any'
export interface Function {
  readonly takes: readonly Parameter[]
  /** What any further ones are. */
  readonly rest?: Parameter
  /** Errors are told as those of the call. */
  readonly call: (...args: never[]) => Value
}
export type Functions = Readonly<Record<string, Function>>

const func = (takes: readonly Parameter[], call: Function['call'], rest?: Parameter): Function =>
  ({ takes, call, ...(rest && { rest }) })

function text(value: Value): string {
  return JSON.stringify(value ?? null)
}

/** Of bytes, as Go's strings are. */
function cut(value: string, from: number, to: number): string {
  return Buffer.from(value).subarray(from, to).toString()
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (isMap(value)) return Object.keys(value).length
  throw new Error(value === null || value === undefined ? 'len of nil pointer' : `len of type ${typeOf(value)}`)
}

/** A map has any key: those that it has not are empty, in a map of strings. So they are in one that is not set. */
function index(value: Value, ...keys: Value[]): Value {
  return keys.reduce((all, key) => {
    if (isMap(all)) return Object.hasOwn(all, String(key)) ? all[String(key)] : emptyOf(all)
    if (all === null || all === undefined) return ''
    if (!Array.isArray(all) && typeof all !== 'string') throw new Error(`can't index item of type ${typeOf(all)}`)
    if (!Number.isInteger(key)) throw new Error(`cannot index slice/array with type ${typeOf(key)}`)
    const [at, length] = [key as number, lengthOf(all)]
    if (at < 0 || at >= length) throw new Error(`index out of range: ${at}`)
    return typeof all === 'string' ? Buffer.from(all)[at] : (all as Value[])[at]
  }, value)
}

const emptyOf = (map: Readonly<Record<string, Value>>): Value =>
  Object.values(map).every((value) => typeof value === 'string') ? '' : undefined

function slice(value: Value, ...bounds: number[]): Value {
  if (typeof value !== 'string' && !Array.isArray(value)) throw new Error(`can't slice item of type ${typeOf(value)}`)
  const [from = 0, to = lengthOf(value)] = bounds
  const wrong = [from, to].find((bound) => bound < 0 || bound > lengthOf(value))
  if (wrong !== undefined) throw new Error(`index out of range: ${wrong}`)
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`)
  return typeof value === 'string' ? cut(value, from, to) : value.slice(from, to)
}

function equal(first: Value, ...others: Value[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison')
  return others.some((other) => {
    const [a, b] = [first ?? null, other ?? null]
    if (a !== null && b !== null && typeof a !== typeof b) throw new Error('incompatible types for comparison')
    if (typeof a === 'object' && a !== null) throw new Error(`non-comparable type ${shown(a)}: ${typeOf(a)}`)
    return a === b
  })
}

function ordered(holds: (difference: number) => boolean): Function {
  return func(['any', 'any'], (a: Value, b: Value) => {
    const difference = compare(a, b)
    if (difference !== undefined) return holds(difference)
    throw new Error(`${typeof a === typeof b ? 'invalid type' : 'incompatible types'} for comparison`)
  })
}

function blanks(count: number): string {
  if (count < 0) throw new Error('strings: negative Repeat count')
  return ' '.repeat(count)
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', '\'': '&#39;' }

/** `and` and `or` are not here: they leave their later arguments alone when the first decide. */
export const FUNCTIONS: Functions = {
  not: func(['any'], (value: Value) => value),
  len: func(['any'], lengthOf),
  index: func(['any'], index, 'any'),
  slice: func(['any'], slice, 'int'),
  print: func([], (...values: Value[]) => sprint(values), 'any'),
  println: func([], (...values: Value[]) => `${values.map(shown).join(' ')}\n`, 'any'),
  printf: func(['string'], (format: string, ...values: Value[]) => sprintf(format, values), 'any'),
  html: func([], (...values: Value[]) => sprint(values).replace(/[&<>"']/g, (found) => ENTITIES[found] ?? ''), 'any'),
  urlquery: func([], (...values: Value[]) => new URLSearchParams({ q: sprint(values) }).toString().slice(2), 'any'),
  eq: func(['any'], equal, 'any'),
  ne: func(['any', 'any'], (a: Value, b: Value) => !equal(a, b)),
  lt: ordered((difference) => difference < 0),
  le: ordered((difference) => difference <= 0),
  gt: ordered((difference) => difference > 0),
  ge: ordered((difference) => difference >= 0),
  json: func(['any'], text),
  split: func(['string', 'string'], (all: string, by: string) => all.split(by)),
  join: func(['strings', 'string'], (all: string[], by: string) => all.join(by)),
  title: func(['string'], (value: string) => value.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase())),
  lower: func(['string'], (value: string) => value.toLowerCase()),
  upper: func(['string'], (value: string) => value.toUpperCase()),
  pad: func(['string', 'int', 'int'], (value: string, before: number, behind: number) =>
    value && blanks(before) + value + blanks(behind)),
  truncate: func(['string', 'int'], (value: string, most: number) => cut(value, 0, most)),
}
