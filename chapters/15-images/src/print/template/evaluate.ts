// A template filled in: the tree, walked over plain data.
//
//   render('{{range .Tags}}{{.}} {{end}}', { Tags: ['a', 'b'] })   → 'a b '
//
// Invariant: only keys that data has itself are looked at; nothing of it is called, but for toJSON().
import { executionError } from './error.ts'
import { FUNCTIONS, type Function, type Functions, type Parameter } from './functions.ts'
import { parse } from './parse.ts'
import type { Block, Command, Node, Operand, Part, Pipe } from './tree.ts'
import { isMap, isOfStrings, isTrue, keysOf, shown, typeOf, type Value } from './values.ts'

export interface Surroundings {
  readonly functions?: Functions
  /** What the outermost data is called, where it says that a field is missing: otherwise it is a map. */
  readonly type?: string
}
export type Template = (data: Value) => string

/** Read once, filled in as often as needed. @throws {TemplateError} */
export function compile(source: string, { functions = {}, type }: Surroundings = {}): Template {
  const all: Functions = { ...FUNCTIONS, ...functions }
  const nodes = parse(source, (name) => name === 'and' || name === 'or' || Object.hasOwn(all, name))
  return (data) => {
    const walk = new Walk(source, all, { data, type })
    walk.list(nodes, { dot: data, variables: new Map([['$', data]]) })
    return walk.text
  }
}

export const render = (source: string, data: Value, surroundings?: Surroundings): string => compile(source, surroundings)(data)

interface Scope {
  readonly dot: Value
  readonly variables: Map<string, Value>
  readonly outer?: Scope
}

/** Where a call's words are evaluated, and what comes to it through a |. */
interface Arguments { readonly scope: Scope; readonly piped: readonly Value[] }

class Walk {
  text = ''
  readonly #source: string
  readonly #functions: Functions
  readonly #root: { readonly data: Value; readonly type: string | undefined }

  constructor(source: string, functions: Functions, root: { data: Value; type: string | undefined }) {
    this.#source = source
    this.#functions = functions
    this.#root = root
  }

  /** @returns the loop's jump that ended it, if one did */
  list(nodes: readonly Node[], scope: Scope): 'break' | 'continue' | undefined {
    for (const node of nodes) {
      const jump = this.#node(node, scope)
      if (jump) return jump
    }
    return undefined
  }

  #node(node: Node, scope: Scope): 'break' | 'continue' | undefined {
    switch (node.kind) {
      case 'text': this.text += node.text; return undefined
      case 'print': return this.#print(node.pipe, scope)
      case 'range': return this.#range(node, scope)
      case 'if': case 'with': return this.#branch(node, scope)
      default: return node.kind
    }
  }

  #print(pipe: Pipe, scope: Scope): undefined {
    const value = this.#pipe(pipe, scope)
    if (pipe.names.length === 0) this.text += value === undefined || value === null ? '<no value>' : shown(value)
  }

  #branch({ kind, pipe, body, otherwise }: Block<'if' | 'with'>, scope: Scope): 'break' | 'continue' | undefined {
    const within = below(scope, scope.dot)
    const value = this.#pipe(pipe, within)
    if (!isTrue(value)) return this.list(otherwise, within)
    return this.list(body, kind === 'with' ? below(within, value) : within)
  }

  #range({ pipe, body, otherwise }: Block<'range'>, scope: Scope): 'break' | 'continue' | undefined {
    const { names: [first, second], ...rest } = pipe
    const elements = this.#elements(this.#pipe({ ...rest, names: [] }, scope), pipe)
    if (elements.length === 0) return this.list(otherwise, scope)
    for (const [key, element] of elements) {
      const within = below(scope, element)
      if (first) this.#assign(second ? first : '', key, pipe.declares, within)
      if (first) this.#assign(second ?? first, element, pipe.declares, within)
      if (this.list(body, within) === 'break') break
    }
    return undefined
  }

  #elements(value: Value, part: Part & Pipe): (readonly [Value, Value])[] {
    if (Array.isArray(value)) return value.map((element: Value, i) => [i, element])
    if (isMap(value)) return keysOf(value).map((key) => [key, value[key]])
    if (value === null || value === undefined) return []
    if (Number.isInteger(value)) return Array.from({ length: Math.min(value as number, 1e7) }, (_, i) => [i, i])
    throw this.#error(part.commands[0], `range can't iterate over ${shown(value)}`)
  }

  #pipe(pipe: Pipe, scope: Scope): Value {
    let value: Value
    for (const [i, command] of pipe.commands.entries()) value = this.#command(command, scope, i > 0 ? [value] : [])
    for (const name of pipe.names) this.#assign(name, value, pipe.declares, scope)
    return value
  }

  #assign(name: string, value: Value, declares: boolean, scope: Scope): void {
    if (!name) return
    const where = declares ? scope : scopeOf(name, scope)
    where?.variables.set(name, value)
  }

  #command(command: Command, scope: Scope, piped: readonly Value[]): Value {
    const [first, ...rest] = command.words
    if (first.base.kind === 'function') {
      return this.#fields(first, this.#call(first.base.name, command, rest, { scope, piped }))
    }
    if (rest.length === 0 && piped.length === 0) {
      if (first.base.kind === 'nil') throw this.#error(first, 'nil is not a command')
      return this.#operand(first, scope)
    }
    const name = first.fields.at(-1)
    const what = name ? `${name} is not a method but has arguments` : `can't give argument to non-function ${first.text}`
    throw this.#error(first, what)
  }

  #operand(operand: Operand, scope: Scope): Value {
    const { base } = operand
    switch (base.kind) {
      case 'dot': return this.#fields(operand, scope.dot)
      case 'nil': return null
      case 'literal': return base.value
      case 'variable': return this.#fields(operand, scopeOf(base.name, scope)?.variables.get(base.name))
      case 'pipe': return this.#fields(operand, this.#pipe(base.pipe, scope))
      case 'function': {
        const value = this.#call(base.name, { ...operand, words: [operand] }, [], { scope, piped: [] })
        return this.#fields(operand, value)
      }
    }
  }

  #fields(operand: Operand, from: Value): Value {
    return operand.fields.reduce((value, name) => this.#field(operand, value, name), from)
  }

  /** @throws {TemplateError} if there is none: a misspelt name is told, and does not pass for an empty one */
  #field(part: Part, value: Value, name: string): Value {
    if (isMap(value)) {
      if (Object.hasOwn(value, name)) return value[name]
      const { data, type } = this.#root
      if (value === data && type) throw this.#error(part, `can't evaluate field ${name} in type ${type}`)
      if (isOfStrings(value)) return undefined
      throw this.#error(part, `map has no entry for key "${name}"`)
    }
    if (value === null || value === undefined) throw this.#error(part, `nil pointer evaluating interface {}.${name}`)
    throw this.#error(part, `can't evaluate field ${name} in type interface {}`)
  }

  #call(name: string, command: Command, words: readonly Operand[], from: Arguments): Value {
    if (name === 'and' || name === 'or') return this.#decide(name, command, words, from)
    const called = this.#functions[name] as Function
    this.#count(name, called, words.length + from.piped.length, command)
    const values = [...words.map((word) => this.#operand(word, from.scope)), ...from.piped]
    values.forEach((value, i) => this.#check(called.takes[i] ?? called.rest ?? 'any', value, words[i] ?? command))
    if (name === 'not') return !isTrue(values[0])
    try {
      return called.call(...values as never[])
    } catch (error) {
      throw this.#error(command, `error calling ${name}: ${(error as Error).message}`)
    }
  }

  #decide(name: 'and' | 'or', command: Command, words: readonly Operand[], { scope, piped }: Arguments): Value {
    if (words.length + piped.length === 0) throw this.#error(command, `wrong number of args for ${name}: want at least 1 got 0`)
    let value: Value
    for (const word of words) {
      value = this.#operand(word, scope)
      if (isTrue(value) === (name === 'or')) return value
    }
    return piped.length > 0 ? piped[0] : value
  }

  #count(name: string, { takes, rest }: Function, got: number, command: Command): void {
    if (got === takes.length || (rest && got > takes.length)) return
    const want = rest ? `at least ${takes.length}` : takes.length
    throw this.#error({ at: command.at, text: name }, `wrong number of args for ${name}: want ${want} got ${got}`)
  }

  #check(wanted: Parameter, value: Value, part: Operand | Command): void {
    if (wanted === 'any' || FITS[wanted](value)) return
    const type = wanted === 'strings' ? '[]string' : wanted
    const isLiteral = 'base' in part && part.base.kind === 'literal'
    if (isLiteral && wanted === 'strings') throw this.#error(part, `can't handle ${part.text} for arg of type ${type}`)
    const expected = wanted === 'int' ? 'expected integer' : `expected ${type}`
    if (isLiteral) throw this.#error(part, `${expected}; found ${part.text}`)
    throw this.#error(part, `wrong type for value; expected ${type}; got ${typeOf(value)}`)
  }

  #error(part: Part, what: string): Error {
    return executionError(this.#source, part, what)
  }
}

const below = (outer: Scope, dot: Value): Scope => ({ dot, variables: new Map(), outer })

function scopeOf(name: string, scope: Scope): Scope | undefined {
  let where: Scope | undefined = scope
  while (where && !where.variables.has(name)) where = where.outer
  return where
}

const FITS: Readonly<Record<Exclude<Parameter, 'any'>, (value: Value) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  strings: (value) => Array.isArray(value) && value.every((element) => typeof element === 'string'),
}
