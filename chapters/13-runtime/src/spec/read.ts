// The reader of a config.json: text in, a Spec out, or one line that says what is wrong with it.
//
//   readSpec('{"ociVersion": "1.2.0", "process": {"cwd": "tmp", …}}')
//     → config.json: process.cwd: expected an absolute path, got "tmp"
//
// Invariant: whatever the text is, there is either a Spec that follows the schema and the rules, or a SpecError of one line.
import { parseJson, wrong } from '@pocker/privileges'
import * as v from 'valibot'
import { processSchema } from './process.ts'
import { resourcesSchema } from './resources.ts'
import { problems, processProblems, type Problem } from './rules.ts'
import { specSchema, type ProcessSpec, type Resources, type Spec } from './schema.ts'

type Key = string | number
type Schema<T> = v.GenericSchema<unknown, T>

/**
 * @param what the name of the text, for messages
 * @throws {SpecError} naming the first field that is wrong
 */
export const readSpec = (text: string, what = 'config.json'): Spec =>
  read(text, what, specSchema as Schema<Spec>, problems)

/** What `exec --process` is given: the object that is `process` in a config.json. @throws {SpecError} likewise */
export const readProcess = (text: string, what = 'process.json'): ProcessSpec =>
  read(text, what, processSchema as Schema<ProcessSpec>, processProblems)

/** What `update --resources` is given: the object that is `linux.resources`. @throws {SpecError} likewise */
export const readResources = (text: string, what = 'resources.json'): Resources =>
  read(text, what, resourcesSchema as Schema<Resources>, () => [])

// region read
function read<T>(text: string, what: string, schema: Schema<T>, rules: (data: T) => Iterable<Problem>): T {
  const data = parseJson(what, text)
  // Only an escape can bring one into a JSON text; and parseJson has its own use for it.
  if (text.includes('\\u0000')) refuse(what, withNul(JSON.parse(text)))
  dropNulls(data)
  const { success, output, issues } = v.safeParse(schema, data, { abortEarly: true })
  if (!success) refuse(what, [problemOf(issues[0])])
  refuse(what, rules(output as T))
  return output as T
}
// endregion

const problemOf = ({ path, message, input }: v.BaseIssue<unknown>): Problem =>
  [(path ?? []).map(({ key }) => key as Key), message, input]

function refuse(what: string, found: Iterable<Problem>): void {
  for (const [path, expected, got] of found) {
    throw wrong([what, fieldName(path)].filter(Boolean).join(': '), expected, beginning(got))
  }
}

/** Of a message's own length, at most: no more of it is shown, and a deep one would be too deep for JSON.stringify. */
const SHOWN = 80

function beginning(value: unknown, depth = SHOWN): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return null
  if (Array.isArray(value)) return value.slice(0, SHOWN).map((entry) => beginning(entry, depth - 1))
  return Object.fromEntries(Object.entries(value).slice(0, SHOWN).map(([key, entry]) => [key, beginning(entry, depth - 1)]))
}

/** `mounts[3].destination`, `linux.sysctl["net.core.somaxconn"]` */
const fieldName = (path: readonly Key[]): string => path.map((key) => {
  if (typeof key === 'number') return `[${key}]`
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}).join('').replace(/^\./, '')

/** A value in a tree, and the way to it from its end to the root. */
interface Place { readonly key: Key; readonly value: unknown; readonly within?: Place; readonly holder: Record<Key, unknown> }

const pathTo = (place: Place | undefined): Key[] => (place ? [...pathTo(place.within), place.key] : [])

/** All of them. The stack is a list, as a tree may be deeper than JavaScript's. */
function* places(root: unknown): Generator<Place> {
  const open: Pick<Place, 'value' | 'within'>[] = [{ value: root }]
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue
    const holder = next.value as Record<Key, unknown>
    for (const name of Object.keys(holder)) {
      const within = 'key' in next ? { within: next as Place } : {}
      const place = { key: Array.isArray(holder) ? Number(name) : name, value: holder[name], holder, ...within }
      yield place
      open.push(place)
    }
  }
}

/** Go writes null for a list or an object that is empty. */
function dropNulls(data: unknown): void {
  for (const { holder, key, value } of places(data)) {
    if (value === null && !Array.isArray(holder)) delete holder[key]
  }
}

/** The kernel's strings end at a NUL: what it reads would not be what was checked. */
function* withNul(data: unknown): Generator<Problem> {
  for (const place of places(data)) {
    const found = [place.value, place.key].find((part) => typeof part === 'string' && part.includes('\0'))
    if (found !== undefined) yield [pathTo(place), 'text without a NUL', String(found).replaceAll('\0', '␀')]
  }
}
