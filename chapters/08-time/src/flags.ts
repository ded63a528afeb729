// The words of the command line: --boottime and --monotonic.
//
//   parseOffset('--boottime', '+30d')     → { secs: 2592000, nanosecs: 0 }
//   parseOffset('--monotonic', '-1.5s')   → { secs: -2, nanosecs: 500000000 }
//
// Invariant: pure, and exact: no fraction of a second is rounded away that the kernel could take.
import { SpecError } from '@pocker/syscalls'
import type { Offset } from './time.ts'

/** In seconds. */
const UNITS: Readonly<Record<string, bigint>> = { '': 1n, s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n }
const OFFSET = /^(?<sign>[+-]?)(?<whole>\d{1,12})(?:\.(?<fraction>\d{1,9}))?(?<unit>[smhdw]?)$/
const NANOSECONDS = 1_000_000_000n
const DIGITS = 9

/** @throws {SpecError} naming the flag */
// region parse
export function parseOffset(flag: string, text: string): Offset {
  const { sign, whole = '', fraction = '', unit = '' } = OFFSET.exec(text)?.groups ?? {}
  if (!whole) throw new SpecError(`${flag}: expected an offset such as +30d, -2h or 1.5s, got ${JSON.stringify(text)}`)
  const amount = (BigInt(whole) * NANOSECONDS + BigInt(fraction.padEnd(DIGITS, '0'))) * (UNITS[unit] ?? 1n)
  const nanoseconds = sign === '-' ? -amount : amount
  const nanosecs = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
  return { secs: Number((nanoseconds - nanosecs) / NANOSECONDS), nanosecs: Number(nanosecs) }
}
// endregion
