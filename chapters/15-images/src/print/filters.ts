// Filters: --filter key=value, several times.
//
//   const filters = parseFilters(['label=a', 'label=b', 'dangling=true'], ['label', 'dangling'])
//   filters.get('label')   → ['a', 'b']
//
// Invariant: a name that is not known is refused, for a filter that is overlooked shows, or removes, too much.
import { SpecError } from '@pocker/syscalls'

export type Filters = ReadonlyMap<string, readonly string[]>

/** @throws {SpecError} */
export function parseFilters(texts: readonly string[], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    if (equals < 0) throw new SpecError(`--filter: expected name=value, got ${JSON.stringify(text)}`)
    const [name, value] = [text.slice(0, equals).toLowerCase().trim(), text.slice(equals + 1).trim()]
    if (!known.includes(name)) throw new SpecError(`--filter: expected ${known.join(', ')}, got ${JSON.stringify(name)}`)
    filters.set(name, [...(filters.get(name) ?? []), value])
  }
  return filters
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, t: true, false: false, 0: false, f: false }

/** @returns undefined if nobody asked. @throws {SpecError} */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = (filters.get(name) ?? []).map((value) => {
    const found = Object.hasOwn(BOOLEANS, value.toLowerCase()) ? BOOLEANS[value.toLowerCase()] : undefined
    if (found === undefined) throw new SpecError(`--filter: ${name}: expected true or false, got ${JSON.stringify(value)}`)
    return found
  })
  if (new Set(values).size > 1) throw new SpecError(`--filter: ${name}: expected one of true and false, got both`)
  return values[0]
}

const DATE = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?$/
const SPANS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A moment: seconds since 1970, a date, or a span such as 24h or 1h30m before now. @throws {SpecError} */
export function parseUntil(text: string, now = Date.now()): Date {
  if (/^-?(?:[\d.]+(?:ns|us|µs|ms|s|m|h))+$/.test(text)) {
    const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)]
    const span = parts.reduce((all, [, count, unit = 's']) => all + Number(count) * (SPANS[unit] ?? 0), 0)
    return valid(text, now - (text.startsWith('-') ? -span : span))
  }
  if (/^\d+(?:\.\d{1,9})?$/.test(text)) return valid(text, Number(text) * 1000)
  return valid(text, DATE.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : NaN)
}

function valid(text: string, milliseconds: number): Date {
  const date = new Date(milliseconds)
  if (!Number.isNaN(date.getTime())) return date
  const expected = 'a span such as 24h, a date such as 2024-09-26 or seconds since 1970'
  throw new SpecError(`--filter: until: expected ${expected}, got ${JSON.stringify(text)}`)
}
