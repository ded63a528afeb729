// From bytes that anybody may have written to data that follows a schema.
//
//   readJson('manifest', bytes, schema)   → the data, without fields that the schema does not name
//
// Invariant: there is either such data, or a SpecError of one line that names the first field at fault.
import { SpecError } from '@pocker/syscalls'
import * as v from 'valibot'

/** @throws {SpecError} */
export function readJson<T>(what: string, bytes: Uint8Array, schema: v.GenericSchema<unknown, T>): T {
  const { success, output, issues } = v.safeParse(schema, parsed(what, bytes), { abortEarly: true })
  if (success) return output
  const { path = [], message, input } = issues[0]
  const keys = path.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 40)}`))
  const field = keys.join('').replace(/^\./, '')
  throw new SpecError(`${what}${field && `: ${quoted(field)}`}: expected ${lower(message)}, got ${brief(input)}`)
}

function parsed(what: string, bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes)
  try {
    return JSON.parse(text)
  } catch {
    throw new SpecError(`${what}: expected JSON, got ${brief(text)}`)
  }
}

const quoted = (field: string): string => (/^[\w.[\]-]+$/.test(field) ? field : JSON.stringify(field))
/** In place of valibot's own: `Invalid type: Expected Array but received "x"`. */
const WORDS: Readonly<Record<string, string>> = { Array: 'a list', Object: 'an object', string: 'text' }

function lower(message: string): string {
  const [, kind, word] = /^Invalid (\w+): Expected (.*) but received /s.exec(message) ?? []
  return kind === 'key' ? 'a value' : WORDS[word ?? ''] ?? word ?? message
}

/** Deep data is too deep for JSON.stringify: only text and numbers are shown. */
function brief(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
