// The part of the grader that runs beside the answer, in the box: it calls the function and says what came of it.
//
//   {"isolation": …}  or  {"error": {"name": …, "message": …}}  or  {"nonsense": "42"}   a line on stdout, after a mark
//
// Invariant: nothing here is trusted by whoever reads the line. An answer that forges it has merely computed other
// data.
import { toJson, type Isolation, type Json } from '@pocker/syscalls'

export interface Request {
  readonly name: string
  readonly args: readonly Json[]
  /** Begins the line, so that what the answer prints is not taken for it. */
  readonly mark: string
}

export type Outcome =
  | { readonly isolation: Json }
  | { readonly error: { readonly name: string; readonly message: string } }
  | { readonly nonsense: string }

type Exports = Readonly<Record<string, unknown>>

/** @param load imports the answer */
export async function main(load: () => Promise<Exports>, { name, args, mark }: Request): Promise<void> {
  const outcome = await load().then((answer) => outcomeOf(answer[name], args), thrown)
  process.stdout.write(`\n${mark}${JSON.stringify(outcome)}\n`)
}

function outcomeOf(answer: unknown, args: readonly Json[]): Outcome {
  if (typeof answer !== 'function') return { nonsense: 'no function of that name' }
  try {
    const returned: unknown = answer(...args)
    return json(returned) ?? { nonsense: describe(returned) }
  } catch (error) {
    return thrown(error)
  }
}

function json(returned: unknown): Outcome | undefined {
  try {
    return { isolation: toJson(returned as Isolation) }
  } catch {
    return undefined
  }
}

const thrown = (error: unknown): Outcome => error instanceof Error
  ? { error: { name: error.name, message: error.message } }
  : { error: { name: 'thrown', message: describe(error) } }

const LONGEST = 200

function describe(value: unknown): string {
  const plain = (_: string, item: unknown): unknown => (typeof item === 'bigint' ? `${item}n` : item)
  try {
    return (JSON.stringify(value, plain) ?? String(value)).slice(0, LONGEST)
  } catch {
    return typeof value
  }
}
