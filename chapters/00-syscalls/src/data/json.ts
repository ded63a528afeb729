// Plans as JSON and back. Flags travel as names ("CLONE_NEWUTS|CLONE_NEWPID"), so a plan can be read, and diffed.
//
//   toJson(plan)     → plain JSON data
//   fromJson(data)   → the same plan; data may come from anywhere
//
// Invariant: fromJson(toJson(plan)) is the same plan to encode(). What is wrong with data is found here, or there at the latest,
// and is a SpecError.
import { shown, SpecError } from '../errno.ts'
import { CLONE, type Names } from './constants.ts'
import { formatFlags, nameOf } from './format.ts'
import type { Beside, Isolation, Plan, Resource } from './isolation.ts'
import type { Syscall, Value } from './syscall.ts'
import { isCallName, paramsOf, type Kind, type Layout } from './table.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = Readonly<Record<string, unknown>>

export function toJson(plan: Plan): Json
export function toJson(plan: Isolation): Json
export function toJson(plan: Plan | Isolation): Json {
  return {
    ...('name' in plan ? { name: plan.name } : {}),
    flags: formatFlags(CLONE, plan.flags ?? 0n),
    ...(plan.cgroup !== undefined && { cgroup: plan.cgroup }),
    needs: (plan.needs ?? []).map(({ name, make, undo }) => ({ name, make: make.map(stepToJson), undo: undo.map(stepToJson) })),
    before: (plan.before ?? []).map(stepToJson),
    beside: (plan.beside ?? []).map((work) => ('run' in work ? { run: work.run } : { path: work.path, data: work.data })),
    child: (plan.child ?? []).map(stepToJson),
  }
}

/** @throws {SpecError} naming the field that is not what it should be */
export function fromJson(json: unknown): Isolation {
  const { name, flags, cgroup, needs, before, beside, child } = object('isolation', json)
  return {
    name: name === undefined ? 'plan' : text('name', name),
    flags: BigInt(parseFlags('flags', CLONE, flags ?? '0')),
    ...(cgroup !== undefined && { cgroup: text('cgroup', cgroup) }),
    needs: array('needs', needs).map((item): Resource => {
      const { name: needed, make, undo } = object('needs', item)
      return { name: text('needs.name', needed), make: steps('make', make), undo: steps('undo', undo) }
    }),
    before: steps('before', before),
    beside: array('beside', beside).map((item): Beside => {
      const write = object('beside', item)
      if (write['run'] !== undefined) return { run: array('beside.run', write['run']).map((word) => text('beside.run', word)) }
      return { path: text('beside.path', write['path']), data: text('beside.data', write['data']) }
    }),
    child: steps('child', child),
  }
}

function stepToJson(step: Syscall & { by?: string }): Json {
  const params = paramsOf(step)
  const { by, why, mayFail, as, onZero } = step
  return {
    call: step.call,
    args: step.args.map((value, i) => valueToJson(params[i]?.kind, value)),
    ...(by !== undefined && { by }), ...(why !== undefined && { why }), ...(mayFail && { mayFail }),
    ...(as !== undefined && { as }),
    ...(onZero && { onZero: onZero.map(stepToJson) }),
  }
}

function valueToJson(kind: Kind | undefined, value: Value): Json {
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (kind?.is === 'flags') return formatFlags(kind.names, value)
    if (kind?.is === 'one') return nameOf(kind.names, value) ?? Number(value)
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value) // JSON's numbers end at 2^53
  }
  if (kind?.is === 'struct' && value !== null && typeof value === 'object') {
    return mapFields(kind.layout, value as Record<string, Value>, (field, _, inner) => valueToJson(inner, field))
  }
  return value as Json
}

/** Lists within lists: a plan has a handful, and data from outside must not fill the stack. */
const DEPTH_MAX = 16

function steps(what: string, json: unknown, depth = 0): Syscall[] {
  if (depth > DEPTH_MAX) throw new SpecError(`onZero: expected at most ${DEPTH_MAX} lists within each other, got more`)
  return array(what, json).map((item, i) => stepFromJson(`${what}[${i}]`, item, depth))
}

function stepFromJson(what: string, json: unknown, depth: number): Syscall {
  const { call, args, why, mayFail, as, onZero, by } = object(what, json)
  if (!isCallName(call)) throw new SpecError(`${what}: expected the name of a system call, got ${shown(call)}`)
  const values: Value[] = []
  array(`${what}.args`, args).forEach((arg, i) => {
    const kind = paramsOf({ call, args: values })[i]?.kind
    values.push(valueFromJson(`${what}.args[${i}]`, kind, arg))
  })
  return {
    call, args: values,
    ...(by !== undefined && { by: text(`${what}.by`, by) }),
    ...(why !== undefined && { why: text(`${what}.why`, why) }),
    ...(mayFail === true && { mayFail }),
    ...(mayFail !== undefined && typeof mayFail !== 'boolean' && {
      mayFail: array(`${what}.mayFail`, mayFail).map((name) => text(`${what}.mayFail`, name)),
    }),
    ...(as !== undefined && { as: text(`${what}.as`, as) }),
    ...(onZero !== undefined && { onZero: steps(`${what}.onZero`, onZero, depth + 1) }),
  }
}

function valueFromJson(what: string, kind: Kind | undefined, json: unknown): Value {
  if (kind?.is === 'flags' && typeof json === 'string') {
    const bits = parseFlags(what, kind.names, json)
    return kind.names === CLONE ? bits : Number(bits)
  }
  if (kind?.is === 'one' && typeof json === 'string') {
    const value = Object.hasOwn(kind.names, json) ? kind.names[json] : undefined
    if (value === undefined) throw new SpecError(`${what}: expected one of ${Object.keys(kind.names).join(', ')}, got ${json}`)
    return value
  }
  if (kind?.is === 'int' && typeof json === 'string' && /^-?\d{1,20}$/.test(json)) return BigInt(json)
  if (kind?.is === 'struct' && json !== null) {
    return mapFields(kind.layout, object(what, json), (field, name, inner) => valueFromJson(`${what}.${name}`, inner, field))
  }
  return json as Value
}

/** Each field of a struct through a function that gets its kind. */
function mapFields<T, R>(
  { fields }: Layout, values: Readonly<Record<string, T>>, map: (value: T, name: string, kind?: Kind) => R,
): Record<string, R> {
  const kinds = new Map(fields.map(({ name, kind }) => [name, kind]))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name, kinds.get(name))]))
}

function parseFlags(what: string, names: Names, json: unknown): bigint {
  return text(what, json).split('|').reduce((all, name) => {
    const bit = Object.hasOwn(names, name) ? names[name] : /^(0|0x[0-9a-f]+)$/.test(name) ? BigInt(name) : undefined
    if (bit === undefined) throw new SpecError(`${what}: expected flags such as ${Object.keys(names)[0]}, got ${name}`)
    return all | BigInt(bit)
  }, 0n)
}

function text(what: string, json: unknown): string {
  if (typeof json !== 'string') throw new SpecError(`${what}: expected text, got ${shown(json)}`)
  return json
}

function array(what: string, json: unknown): readonly unknown[] {
  if (json === undefined) return []
  if (!Array.isArray(json)) throw new SpecError(`${what}: expected a list, got ${shown(json)}`)
  return json
}

function object(what: string, json: unknown): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SpecError(`${what}: expected an object, got ${shown(json)}`)
  }
  return json as JsonObject
}
