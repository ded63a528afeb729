// A template as a tree: what parse() makes, and the evaluation walks.
//
//   {{if .Tag}}:{{.Tag}}{{end}}   → { kind: 'if', pipe: .Tag, body: [':', print .Tag], otherwise: [] }
//
// Invariant: it is data; nothing in it refers to what it is filled in with.

export type Base =
  | { readonly kind: 'dot' | 'nil' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable' | 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }

/** A part of the template that an error can name. */
export interface Part { readonly at: number; readonly text: string }
export interface Operand extends Part { readonly base: Base; readonly fields: readonly string[] }
export interface Command extends Part { readonly words: readonly [Operand, ...Operand[]] }
export interface Pipe extends Part {
  /** Variables that take its value; of range, two: index and element. */
  readonly names: readonly string[]
  readonly declares: boolean
  readonly commands: readonly [Command, ...Command[]]
}
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | Block<'range'> | Block<'if' | 'with'>
  | { readonly kind: 'break' | 'continue' }
export interface Block<Kind> {
  readonly kind: Kind
  readonly pipe: Pipe
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[]
}
