// A folder of results: results/NAME.json for each submission, and the gradebook made of them.
//
//   save(out, result)            a temporary file, then its name: there is no half a result
//   kept(out, name, versions)    → the result of an earlier run, if it still holds
//   await publish(out)           → gradebook.csv, gradebook.json
//   merge(folders, out)          the results of shards in one folder
//
// Invariant: the gradebook depends on the results alone, not on who graded them, in what order, or when.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import { csv } from './formats/csv.ts'
import { isFaulty, type Result, type Versions } from './result.ts'

const FOLDER = 'results'

/** Names come from strangers: what is not plain is written as a digest behind a plain beginning. */
export function fileOf(out: string, name: string): string {
  const plain = /^[\w-][\w.@+-]{0,80}$/.test(name)
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12)
  const safe = plain ? name : `${name.replace(/[^\w-]/g, '_').slice(0, 40)}-${digest}`
  return join(out, FOLDER, `${safe}.json`)
}

/** A share of a small class may be empty: its folder is there all the same. */
export const begin = (out: string): void => void mkdirSync(join(out, FOLDER), { recursive: true })

export function save(out: string, result: Result): void {
  begin(out)
  writeWhole(fileOf(out, result.name), json(result))
}

export function kept(out: string, name: string, versions: Versions): Result | undefined {
  const found = readResult(fileOf(out, name))
  if (!found || found.name !== name || isFaulty(found)) return undefined
  return (Object.keys(versions) as (keyof Versions)[]).every((key) => found.versions[key] === versions[key]) ? found : undefined
}

/** @returns nothing for what is no result: it is graded again */
export function readResult(file: string): Result | undefined {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result>
    return found.schema === 'pocker/result/v1' && found.report && found.versions ? found as Result : undefined
  } catch {
    return undefined
  }
}

/** @returns all results of a folder, by name. @throws {SpecError} rather than that one is left out */
export function results(out: string): Result[] {
  const folder = join(out, FOLDER)
  if (!existsSync(folder)) {
    throw new SpecError(`expected a folder that grade --out has written, got ${out}, which has no ${FOLDER}/`)
  }
  const files = readdirSync(folder).filter((file) => file.endsWith('.json')).map((file) => join(folder, file))
  return files.map(mustRead).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function mustRead(file: string): Result {
  const found = readResult(file)
  if (!found) throw new SpecError(`expected a result in ${file}, got something else: remove it, and grade again`)
  return found
}

export interface Row {
  readonly name: string
  readonly earned: number
  readonly points: number
  readonly unjudged: number
  /** Points by exercise. */
  readonly exercises: Readonly<Record<string, number>>
}

export interface Gradebook {
  readonly schema: 'pocker/gradebook/v1'
  readonly rows: readonly Row[]
}

export const gradebook = (all: readonly Result[]): Gradebook => ({
  schema: 'pocker/gradebook/v1',
  rows: all.map(({ name, report: { earned, points, unjudged, exercises } }) => ({
    name, earned, points, unjudged, exercises: Object.fromEntries(exercises.map(({ id, earned: got }) => [id, got])),
  })),
})

export function publish(out: string): Gradebook {
  const book = gradebook(results(out))
  writeWhole(join(out, 'gradebook.csv'), csv(book))
  writeWhole(join(out, 'gradebook.json'), json(book))
  return book
}

/** @throws {SpecError} if they were graded with different versions, or disagree about a submission */
export function merge(folders: readonly string[], out: string): Gradebook {
  const all = folders.flatMap((folder) => results(folder))
  for (const part of ['exercises', 'grader'] as const) {
    const versions = new Map(all.map((result) => [result.versions[part], result.name]))
    if (versions.size > 1) {
      const examples = [...versions.values()].join(' and ')
      throw new SpecError(`merge: expected results of one version of the ${part}, got ${versions.size}, for example at ${examples}`)
    }
  }
  const seen = new Map<string, Result>()
  for (const result of all) {
    const other = seen.get(result.name)
    if (other && scores(other) !== scores(result) && isFaulty(other) === isFaulty(result)) {
      throw new SpecError(`merge: expected one result for ${result.name}, got two that differ`)
    }
    if (!other || isFaulty(other)) seen.set(result.name, result)
  }
  for (const result of seen.values()) save(out, result)
  return publish(out)
}

/** What two runs must agree in; messages hold tokens, which differ each time. */
export const scores = ({ versions, report }: Result): string => JSON.stringify([versions.submission, report.exercises
  .map(({ id, earned, unjudged, checks }) => [id, earned, unjudged, checks.map((check) => [check.id, check.verdict])])])

export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, text)
  renameSync(temporary, file)
}

const json = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`
