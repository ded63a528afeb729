// The words of `pocker oci`: as runc has them, flags first, then the container, then its command.
//
//   split(['--bundle', '/b', 'web'], { bundle: { type: 'string', short: 'b' } })   → { values: { bundle: '/b' }, words: ['web'] }
//
// Invariant: what follows the first word is never a flag of ours.
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { SpecError } from '@pocker/syscalls'

export type Flags = NonNullable<ParseArgsConfig['options']>
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** @throws {SpecError} naming the flag that is none, or lacks its value */
export function split(args: readonly string[], flags: Flags): { values: Values; words: string[] } {
  const own = args.slice(0, ownCount(args, flags))
  // Go's flags take one dash as well as two.
  const dashed = own.map((arg) =>
    /^-[a-z][a-z-]+(=|$)/.test(arg) && Object.hasOwn(flags, arg.slice(1).replace(/=.*/s, '')) ? `-${arg}` : arg,
  )
  try {
    const { values } = parseArgs({ args: dashed, options: flags, strict: true })
    const words = args.slice(own.length)
    return { values: values as Values, words: words[0] === '--' ? words.slice(1) : words }
  } catch (error) {
    throw new SpecError(
      (error as Error).message.replace(/\. To specify.*|\n.*/s, '').replace(/^./, (first) => first.toLowerCase()),
      { cause: error },
    )
  }
}

/** How many of the words are flags of ours, and their values. */
function ownCount(args: readonly string[], flags: Flags): number {
  let i = 0
  for (; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (!/^-./.test(arg) || arg === '--') break
    if (!arg.includes('=') && takesValue(arg, flags)) i++
  }
  return Math.min(i, args.length)
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

/** @throws {SpecError} if it is no number */
export function number(values: Values, name: string): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  if (!/^-?\d{1,19}$/.test(value)) throw new SpecError(`--${name}: expected a whole number, got ${JSON.stringify(value)}`)
  return Number(value)
}
