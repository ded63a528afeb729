// The words of `pocker oci`: as runc has them, flags first, then the container, then its command.
//
//   split(['--bundle', '/b', 'web'], { bundle: { type: 'string', short: 'b' } })   → { values: { bundle: '/b' }, words: ['web'] }
//
// Invariant: what follows the first word is never a flag of ours.
import { readFileSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { SpecError } from '@pocker/syscalls'

export type Flags = NonNullable<ParseArgsConfig['options']>
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** @throws {SpecError} naming the flag that is none, or lacks its value */
export function split(args: readonly string[], flags: Flags): { values: Values; words: string[] } {
  const own = [...ownFlags(args, flags)]
  try {
    const { values } = parseArgs({ args: own.flatMap((words) => written(words, flags)), options: flags, strict: true })
    const words = args.slice(own.flat().length)
    return { values: values as Values, words: words[0] === '--' ? words.slice(1) : words }
  } catch (error) {
    throw new SpecError(
      (error as Error).message.replace(/\. To specify.*|\n.*/s, '').replace(/^./, (first) => first.toLowerCase()),
      { cause: error },
    )
  }
}

/** The words that are flags of ours, each with its value. */
function* ownFlags(args: readonly string[], flags: Flags): Generator<readonly string[]> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (!/^-./.test(arg) || arg === '--') return
    yield !arg.includes('=') && takesValue(arg, flags) ? args.slice(i, ++i + 1) : [arg]
  }
}

/** Go's flags take one dash as well as two, and a value may begin with one: `-memory -1`. */
function written([arg = '', value]: readonly string[], flags: Flags): string[] {
  const isLong = /^-[a-z][a-z-]+(=|$)/.test(arg) && Object.hasOwn(flags, arg.slice(1).replace(/=.*/s, ''))
  const flag = isLong ? `-${arg}` : arg
  if (value === undefined) return [flag]
  return value.startsWith('-') ? [`${flag}${flag.startsWith('--') ? '=' : ''}${value}`] : [flag, value]
}

function takesValue(arg: string, flags: Flags): boolean {
  const name = arg.replace(/^-+/, '')
  const found = flags[name] ?? Object.values(flags).find(({ short }) => short !== undefined && short === name)
  return found?.type === 'string'
}

export const text = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
export const texts = (values: Values, name: string): string[] => {
  const value = values[name]
  return (Array.isArray(value) ? value : []).filter((one) => typeof one === 'string')
}
export const isSet = (values: Values, name: string): boolean => values[name] === true

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
/** Of setTimeout: beyond, it does not wait at all. */
const LONGEST = 2 ** 31 - 1

/** @returns milliseconds, of 5s, 1.5m, or a number of seconds. @throws {SpecError} if it is no time, or none at all */
export function duration(values: Values, name: string): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)?$/.exec(value) ?? []
  const ms = Number(number) * MS[unit as keyof typeof MS]
  if (ms >= 1 && ms <= LONGEST) return ms
  throw new SpecError(`--${name}: expected a time such as 500ms, 5s or 1m, got ${JSON.stringify(value)}`)
}

/** What the file holds that a flag names; `-` is standard input. @throws {SpecError} if it cannot be read */
export function contents(flag: string, file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new SpecError(`--${flag}: expected a file, got ${(error as NodeJS.ErrnoException).code} at ${file}`, { cause: error })
  }
}

/** @throws {SpecError} if it is no number */
export function number(values: Values, name: string): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  if (!/^-?\d{1,19}$/.test(value)) throw new SpecError(`--${name}: expected a whole number, got ${JSON.stringify(value)}`)
  return Number(value)
}
