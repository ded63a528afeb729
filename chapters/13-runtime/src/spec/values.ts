// What a config.json is made of: text, numbers, lists and objects, each with the words that say what was expected.
//
//   const root = object({ path: text }, { readonly: flag })    → { path: string, readonly?: boolean }
//
// Invariant: the message of every schema is what was expected, in words; the reader adds the field and what came instead.
import * as v from 'valibot'

export const text = v.string('text')
export const flag = v.boolean('true or false')

export const matching = (words: string, pattern: RegExp) => v.pipe(v.string(words), v.regex(pattern, words))
export const path = matching('a path', /./s)
export const absolute = matching('an absolute path', /^\//)

export const oneOf = <const T extends readonly string[]>(names: T) => v.picklist(names, `one of ${names.join(', ')}`)

export const whole = (min: number, max: number) => v.custom<number>(
  (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  `a whole number from ${min} to ${max}`)
/** 64 bits in the spec; here as many as JavaScript's numbers hold, for what no kernel takes more of. */
export const count = whole(0, Number.MAX_SAFE_INTEGER)
export const integer = whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
export const u32 = whole(0, 2 ** 32 - 1)
export const u16 = whole(0, 2 ** 16 - 1)

/** All 64 bits: a number, or a bigint above 2^53 - 1, as parseJson makes them. */
const bits64 = (min: bigint, max: bigint) => v.custom<number | bigint>(
  (value) => (typeof value === 'bigint' || Number.isSafeInteger(value)) && (value as bigint) >= min && (value as bigint) <= max,
  `a whole number from ${min} to ${max}`)
export const u64 = bits64(0n, 2n ** 64n - 1n)
export const i64 = bits64(-(2n ** 63n), 2n ** 63n - 1n)

export const list = <T extends v.GenericSchema>(item: T) => v.array(item, 'a list')
export const texts = list(text)

/** Go's `environ`. @see OCI runtime spec, config.md, Process, env */
export const env = list(matching('NAME=value', /^[^=]+=/))

/** valibot takes a list for an object; the spec does not. */
const braces = v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'an object')

type Optional<O extends v.ObjectEntries> = { readonly [K in keyof O]: v.ExactOptionalSchema<O[K], undefined> }
type Fields<R extends v.ObjectEntries, O extends v.ObjectEntries> = v.ObjectSchema<R & Optional<O>, undefined>
type Wrapped = { readonly message?: unknown }

/** Properties beside these are left out, as the spec demands. @see config.md, Extensibility */
export function object<const R extends v.ObjectEntries, const O extends v.ObjectEntries>(
  required: R, optional: O,
): v.GenericSchema<unknown, v.InferOutput<Fields<R, O>>> {
  const absent = Object.entries(optional).map(([key, schema]) => [key, v.exactOptional(schema as v.GenericSchema)])
  const entries: v.ObjectEntries = { ...required, ...Object.fromEntries(absent) }
  // The only thing left that an object can complain about itself is a property that is missing: in that property's words.
  const missing = ({ path }: { path?: readonly { key?: unknown }[] | undefined }): string =>
    String((entries[String(path?.at(-1)?.key)] as Wrapped | undefined)?.message)
  const schema = v.pipe(braces, v.object(entries, (issue) => missing(issue as Parameters<typeof missing>[0])))
  return schema as unknown as v.GenericSchema<unknown, v.InferOutput<Fields<R, O>>>
}

/** Names to values. @param key what a name may be, where not any will do */
export function record<T extends v.GenericSchema>(
  value: T, key: v.GenericSchema<string, string> = text,
): v.GenericSchema<unknown, Record<string, v.InferOutput<T>>> {
  return v.pipe(braces, v.record(key, value)) as unknown as v.GenericSchema<unknown, Record<string, v.InferOutput<T>>>
}

/** `containerID`, `hostID` and `size`. @see config-linux.md, "User namespace mappings" */
export const idMappings = list(object({ containerID: u32, hostID: u32, size: u32 }, {}))
