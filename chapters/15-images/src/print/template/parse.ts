// From words to a tree.
//
//   parse('{{if .Tag}}:{{.Tag}}{{end}}', (name) => name in functions)   → [{ kind: 'if', pipe, then: […], otherwise: [] }]
//
// Invariant: each block has its end, and each function and each variable is known.
import { syntaxError } from './error.ts'
import { pieces, type Piece, type Token } from './lex.ts'
import { unquote } from './quote.ts'
import type { Base, Command, Node, Operand, Part, Pipe } from './tree.ts'

type Keyword = 'if' | 'with' | 'range' | 'else' | 'end' | 'break' | 'continue'
const KEYWORDS: ReadonlySet<string> = new Set<Keyword>(['if', 'with', 'range', 'else', 'end', 'break', 'continue'])
const isKeyword = ({ kind, text }: Token): boolean => kind === 'word' && KEYWORDS.has(text)

/** Nothing can be handed to it. */
const isInert = ({ base: { kind }, fields }: Operand): boolean =>
  kind === 'literal' || kind === 'nil' || (kind === 'dot' && fields.length === 0)

/** Of blocks and parentheses, within each other. */
const MOST_DEPTH = 200

/** @throws {TemplateError} in Go's words */
export function parse(source: string, isFunction: (name: string) => boolean): Node[] {
  return new Parser(source, isFunction).template()
}

class Parser {
  readonly #source: string
  readonly #isFunction: (name: string) => boolean
  readonly #pieces: readonly Piece[]
  #next = 0
  #tokens: readonly Token[] = []
  #at = 0
  #end = 0
  #variables = ['$']
  #loops = 0
  #depth = 0

  constructor(source: string, isFunction: (name: string) => boolean) {
    this.#source = source
    this.#isFunction = isFunction
    this.#pieces = pieces(source)
  }

  template(): Node[] {
    const { nodes, ended } = this.#list()
    if (ended) throw this.#error(`unexpected {{${ended}}}`)
    return nodes
  }

  /** Up to an {{else}} or {{end}}, or the end of the template. */
  #list(): { nodes: Node[]; ended?: 'else' | 'end' } {
    const nodes: Node[] = []
    for (let piece = this.#pieces[this.#next++]; piece; piece = this.#pieces[this.#next++]) {
      if (piece.kind === 'text') {
        nodes.push(piece)
        continue
      }
      this.#open(piece)
      const keyword = this.#keyword()
      if (keyword === 'end') this.#done(keyword)
      if (keyword === 'else' || keyword === 'end') return { nodes, ended: keyword }
      nodes.push(keyword ? this.#block(keyword) : { kind: 'print', pipe: this.#pipe('command') })
      this.#done('command')
    }
    return { nodes }
  }

  #open({ tokens, at, end }: Piece & { kind: 'action' }): void {
    [this.#tokens, this.#at, this.#end] = [tokens, 0, end]
    if (tokens.length === 0) throw syntaxError(this.#source, at, 'missing value for command')
  }

  #keyword(): Keyword | undefined {
    const token = this.#peek()
    if (!token || !isKeyword(token)) return undefined
    this.#at++
    return token.text as Keyword
  }

  #block(keyword: Exclude<Keyword, 'else' | 'end'>): Node {
    if (keyword === 'break' || keyword === 'continue') {
      this.#done(`{{${keyword}}}`)
      if (this.#loops === 0) throw this.#error(`{{${keyword}}} outside {{range}}`)
      return { kind: keyword }
    }
    const known = this.#variables.length
    this.#deeper()
    const pipe = this.#pipe(keyword)
    this.#done(keyword)
    const visible = this.#variables.length
    if (keyword === 'range') this.#loops++
    const body = this.#list()
    if (keyword === 'range') this.#loops--
    if (!body.ended) throw this.#error('unexpected EOF')
    this.#variables.length = visible
    const otherwise = body.ended === 'else' ? this.#otherwise(keyword) : []
    this.#variables.length = known
    this.#depth--
    const parts = { pipe, body: body.nodes, otherwise }
    return keyword === 'range' ? { kind: keyword, ...parts } : { kind: keyword, ...parts }
  }

  /** {{else if …}} and {{else with …}} have the end of the whole for theirs. */
  #otherwise(keyword: 'if' | 'with' | 'range'): Node[] {
    const further = this.#peek()?.text
    if (keyword !== 'range' && further === keyword) {
      this.#at++
      return [this.#block(keyword)]
    }
    this.#done('else')
    const { nodes, ended } = this.#list()
    if (ended === 'else') throw this.#error('expected end; found {{else}}')
    if (!ended) throw this.#error('unexpected EOF')
    this.#done('end')
    return nodes
  }

  #pipe(context: string): Pipe {
    const from = this.#peek()
    const { names, declares } = this.#assignment(context)
    const [first, ...commands] = this.#commands(context)
    if (!first) throw this.#error(`missing value for ${context}`)
    if (declares) this.#variables.push(...names)
    return { names, declares, commands: [first, ...commands], ...this.#part(from?.at ?? this.#end) }
  }

  /** $x :=, $x =, and of range $i, $e := */
  #assignment(context: string): { names: string[]; declares: boolean } {
    const [first, comma, second] = this.#tokens.slice(this.#at, this.#at + 3)
    const two = context === 'range' && comma?.text === ',' && second?.kind === 'variable'
    const sign = this.#tokens[this.#at + (two ? 3 : 1)]
    if (first?.kind !== 'variable' || sign?.kind !== 'sign' || !/^:?=$/.test(sign.text)) return { names: [], declares: false }
    const names = [first.text, ...(two ? [second.text] : [])]
    const declares = sign.text === ':='
    if (!declares) for (const name of names) this.#known(name)
    this.#at += two ? 4 : 2
    return { names, declares }
  }

  #commands(context: string): Command[] {
    const commands: Command[] = []
    for (let token = this.#peek(); token && token.text !== ')'; token = this.#peek()) {
      const words: Operand[] = []
      for (let word = this.#operand(); word; word = this.#peek()?.glued ? undefined : this.#operand()) words.push(word)
      const [first, ...rest] = words
      if (!first) throw this.#unexpected(token, context)
      if (commands.length > 0 && isInert(first)) {
        throw this.#error(`non executable command in pipeline stage ${commands.length + 1}`)
      }
      commands.push({ words: [first, ...rest], ...this.#part(first.at) })
      const behind = this.#peek()
      if (behind?.text === '|') this.#at++
      else if (behind && behind.text !== ')') throw this.#unexpected(behind, 'operand')
    }
    return commands
  }

  /** @returns undefined where none begins */
  #operand(): Operand | undefined {
    const token = this.#peek()
    if (!token) return undefined
    const base = this.#base(token)
    if (!base) return undefined
    const fields = token.kind === 'field' ? [token.text.slice(1)] : []
    let second: Token | undefined
    for (let next = this.#peek(); next?.kind === 'field' && next.glued; next = this.#peek()) {
      if (base.kind === 'literal' || base.kind === 'nil' || token.kind === 'dot') {
        throw this.#error(`unexpected . after term ${JSON.stringify(token.text)}`)
      }
      second ??= next
      fields.push(next.text.slice(1))
      this.#at++
    }
    const { text } = this.#part(token.at)
    return { base, fields, text, at: (second ?? token).at }
  }

  #base(token: Token): Base | undefined {
    if (token.kind === 'sign' && token.text !== '(' || token.kind === 'char' || isKeyword(token)) return undefined
    this.#at++
    switch (token.kind) {
      case 'field': case 'dot': return { kind: 'dot' }
      case 'variable': return { kind: 'variable', name: this.#known(token.text) }
      case 'number': return { kind: 'literal', value: this.#number(token) }
      case 'string': return { kind: 'literal', value: this.#string(token) }
      case 'word': return this.#word(token.text)
      default: return { kind: 'pipe', pipe: this.#inner() }
    }
  }

  #inner(): Pipe {
    this.#deeper()
    const pipe = this.#pipe('parenthesized pipeline')
    if (this.#peek()?.text !== ')') throw this.#error('unclosed left paren')
    this.#at++
    this.#depth--
    return pipe
  }

  /** The stack is not for a template to use up. */
  #deeper(): void {
    if (++this.#depth > MOST_DEPTH) throw this.#error('max expression depth exceeded')
  }

  #word(name: string): Base {
    if (name === 'nil') return { kind: 'nil' }
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true' }
    if (!this.#isFunction(name)) throw this.#error(`function ${JSON.stringify(name)} not defined`)
    return { kind: 'function', name }
  }

  #number({ text }: Token): number {
    const value = Number(text.replaceAll('_', ''))
    if (!Number.isFinite(value)) throw this.#error(`bad number syntax: ${JSON.stringify(text)}`)
    return value
  }

  #string({ text }: Token): string | number {
    const value = unquote(text)
    if (value === undefined) throw this.#error('invalid syntax')
    return value
  }

  #known(name: string): string {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable ${JSON.stringify(name)}`)
    return name
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #done(context: string): void {
    const token = this.#peek()
    if (!token) return
    throw token.text === ')' ? this.#error('unexpected right paren') : this.#unexpected(token, context)
  }

  #unexpected(token: Token, context: string): Error {
    const text = isKeyword(token) || token.kind === 'dot' ? `<${token.text}>` : JSON.stringify(token.text)
    return this.#error(`unexpected ${text} in ${context}`)
  }

  /** Of what has been read since. */
  #part(at: number): Part {
    const last = this.#tokens[this.#at - 1]
    return { at, text: this.#source.slice(at, last ? last.at + last.text.length : this.#end) }
  }

  #error(what: string): Error {
    return syntaxError(this.#source, this.#peek()?.at ?? this.#end, what)
  }
}
