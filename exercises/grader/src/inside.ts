// The part of the grader that runs beside the answer, in the box: it calls the function and says what came of it.
//
//   {"isolation": …}  or  {"value": …}  or  {"error": {"name": …, "message": …}}  or  {"nonsense": "42"}  or  {"exports": "a, b"}
//                                                                                        a line on stdout, after a mark
//
// Invariant: nothing here is trusted by whoever reads the line. An answer that forges it has merely computed other
// data.
import { isCallName, toJson, type Isolation, type Json } from '@pocker/syscalls'

export interface Request {
  readonly name: string
  readonly args: readonly Json[]
  /** What the function is to return: an isolation, or else any JSON. */
  readonly value?: true
  /** Begins the line, so that what the answer prints is not taken for it. */
  readonly mark: string
}

export type Outcome =
  | { readonly isolation: Json }
  | { readonly value: Json }
  | { readonly error: { readonly name: string; readonly message: string } }
  | { readonly nonsense: string }
  /** There is no such function; what there is instead. */
  | { readonly exports: string }

type Exports = Readonly<Record<string, unknown>>

/** @param load imports the answer */
export async function main(load: () => Promise<Exports>, { name, args, mark, value }: Request): Promise<void> {
  const outcome = await load().then((answer) => (typeof answer[name] === 'function'
    ? outcomeOf(answer[name], args, value ? asValue : asIsolation)
    : { exports: Object.keys(answer).join(', ') || 'none' }), thrown)
  process.stdout.write(`\n${mark}${JSON.stringify(outcome)}\n`)
}

function outcomeOf(answer: Function, args: readonly Json[], read: (returned: unknown) => Outcome): Outcome {
  try {
    return read(answer(...args))
  } catch (error) {
    return thrown(error)
  }
}

function asIsolation(returned: unknown): Outcome {
  try {
    return { isolation: toJson(isolationIn(returned)) }
  } catch (error) {
    return { nonsense: error instanceof Slip ? error.message : describe(returned) }
  }
}

/** What a beginner gets wrong, in words: toJson takes data to be of the right shape. */
class Slip extends Error {}

const FIELDS = ['name', 'flags', 'before', 'child', 'beside', 'needs', 'cgroup']

/** @throws {Slip} */
function isolationIn(returned: unknown): Isolation {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) throw new Slip(describe(returned))
  if (typeof (returned as { then?: unknown }).then === 'function') throw new Slip('a promise: is the function async?')
  const isolation = returned as Record<string, unknown>
  for (const field of Object.keys(isolation).filter((key) => !FIELDS.includes(key))) {
    const meant = FIELDS.find((known) => isolation[known] === undefined && (field.startsWith(known) || known.startsWith(field)))
    if (meant) throw new Slip(`a field ${field}: is ${meant} meant?`)
  }
  const { flags = 0n } = isolation
  if (typeof flags !== 'bigint' && !Number.isInteger(flags)) throw new Slip(`flags that are no whole number: ${describe(flags)}`)
  for (const list of ['before', 'child']) mustBeSteps(list, isolation[list] ?? [])
  return returned as Isolation
}

/** @throws {Slip} */
function mustBeSteps(what: string, list: unknown): void {
  if (!Array.isArray(list)) throw new Slip(`a ${what} that is no list: ${describe(list)}`)
  for (const [i, step] of (list as unknown[]).entries()) {
    const { call, args } = (step ?? {}) as { call?: unknown; args?: unknown }
    if (call === undefined) throw new Slip(`a ${what}[${i}] that is no call: ${describe(step)}`)
    if (!isCallName(call)) throw new Slip(`a ${what}[${i}] whose call is none that is known here: ${describe(call)}`)
    if (!Array.isArray(args)) throw new Slip(`a ${what}[${i}] whose args are no list: ${describe(args)}`)
  }
}

/** Characters of JSON. */
export const MOST_VALUE = 512 * 1024

/** A property that is undefined is none, as JSON.stringify has it. Whatever else that would drop or change is no JSON. */
function asValue(returned: unknown): Outcome {
  let text: string | undefined
  try {
    text = JSON.stringify(returned, plain)
  } catch (error) {
    return { nonsense: `what is no JSON: ${String((error as Error).message).split('\n')[0]}` }
  }
  if (text === undefined) return { nonsense: describe(returned) }
  return text.length > MOST_VALUE ? { nonsense: `${text.length} characters` } : { value: JSON.parse(text) as Json }
}

function plain(this: unknown, key: string, item: unknown): unknown {
  const own: unknown = (this as Record<string, unknown>)[key] // what toJSON() has not changed
  const isHole = own === undefined && Array.isArray(this)
  const isPlain = typeof own !== 'object' || own === null || Array.isArray(own)
    || [Object.prototype, null].includes(Object.getPrototypeOf(own) as null)
  if (isHole || !isPlain || ['function', 'symbol'].includes(typeof own) || (typeof own === 'number' && !Number.isFinite(own))) {
    throw new TypeError(`${isPlain ? String(own) : `an object of ${own?.constructor?.name ?? 'its own kind'}`} in it`)
  }
  return item
}

const thrown = (error: unknown): Outcome => error instanceof Error
  ? { error: { name: error.name, message: error.message } }
  : { error: { name: 'thrown', message: describe(error) } }

const LONGEST = 200

function describe(value: unknown): string {
  const shown = (_: string, item: unknown): unknown => (typeof item === 'bigint' ? `${item}n` : item)
  try {
    return (JSON.stringify(value, shown) ?? String(value)).slice(0, LONGEST)
  } catch {
    return typeof value
  }
}
