// What --format says, applied to the rows of a list, or to what inspect finds.
//
//   formatRows('table {{.ID}}\t{{.Tag}}', rows, IMAGES)   → a table with headings
//   formatRows('json', rows, IMAGES)                       → a line of JSON for each
//   inspected('{{.Id}}', data)                             → the id
//
// Invariant: a template is read before any row is printed, so what is wrong with it is told alone.
import { compile, type Template } from './template/evaluate.ts'
import type { Functions } from './template/functions.ts'
import { aligned } from './table.ts'

/** A kind of list: its headings by field, and how it is printed if nobody says. */
export interface List {
  /** What Go calls a row, as errors name it. */
  readonly type: string
  readonly headings: Readonly<Record<string, string>>
}
export type Row = Readonly<Record<string, string>>

const TABLE = 'table'

/** @throws {TemplateError} */
export function formatRows(format: string, rows: readonly Row[], { type, headings }: List): string {
  if (format === 'json') return rows.map((row) => `${rowJson(row)}\n`).join('')
  const isTable = format.startsWith(TABLE)
  // A shell hands over a backslash and a t.
  const source = format.slice(isTable ? TABLE.length : 0).replace(/^ +| +$/g, '').replaceAll('\\t', '\t').replaceAll('\\n', '\n')
  const template = compile(source, { type, functions: ROW_FUNCTIONS })
  const lines = rows.map((row) => `${template(row)}\n`).join('')
  return isTable ? aligned(`${compile(source, { functions: HEADING_FUNCTIONS })(headings)}\n${lines}`) : lines
}

/** A whole row is printed as Go does: sorted, and with < and > as a web page wants them. */
const ROW_FUNCTIONS: Functions = {
  json: { takes: ['any'], call: (value: string | Row) => (typeof value === 'object' ? rowJson(value) : JSON.stringify(value)) },
}
function rowJson(row: Row): string {
  const sorted = Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return JSON.stringify(sorted).replace(/[<>&]/g, (found) => `\\u00${found.charCodeAt(0).toString(16)}`)
}

/** What would change a value leaves a heading as it is. */
const same = { takes: ['any'], rest: 'any', call: (value: unknown) => value } as const
const HEADING_FUNCTIONS: Functions = {
  json: { takes: ['any'], call: (value: unknown) => (typeof value === 'string' ? value : '') },
  title: same, lower: same, upper: same, truncate: same, join: same, split: same, pad: same,
}

/** How inspect prints what it found. `undefined` and `json` are the whole: in lines, or in one. */
export function inspection(format: string | undefined): (all: readonly unknown[]) => string {
  if (format === undefined || format === '') return (all) => `${JSON.stringify(all, null, 4)}\n`
  if (format === 'json') return (all) => `${JSON.stringify(all)}\n`
  const template: Template = compile(format)
  return (all) => all.map((one) => `${template(one)}\n`).join('')
}
