// Sizes and times, for people.
//
//   humanSize(109_123_456)        → '109MB'        humanSize(4_269_678, 4) → '4.27MB'
//   humanDuration(14 * DAY)       → '2 weeks'
//
// Invariant: the words and the roundings are Docker's. @see https://github.com/docker/go-units
import { general } from './template/values.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB']

/** @param digits lists have three, progress and totals four */
export function humanSize(bytes: number, digits = 3): string {
  let [size, unit] = [bytes, 0]
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000
    unit++
  }
  return `${general(size, digits)}${UNITS[unit]}`
}

const [MINUTE, HOUR] = [60, 3600]
/** Up to so many hours, which unit counts them. */
const BY_HOURS = [
  [48, 1, 'hours'], [24 * 7 * 2, 24, 'days'], [24 * 30 * 2, 24 * 7, 'weeks'], [24 * 365 * 2, 24 * 30, 'months'],
] as const

/** @param milliseconds what has passed; below 0 counts as nothing */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < MINUTE) return `${seconds} seconds`
  const minutes = Math.floor(seconds / MINUTE)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.floor(milliseconds / 1000 / HOUR + 0.5)
  if (hours === 1) return 'About an hour'
  for (const [most, unit, name] of BY_HOURS) if (hours < most) return `${Math.floor(hours / unit)} ${name}`
  return `${Math.floor(seconds / HOUR / 24 / 365)} years`
}

/** As lists have it in their column CREATED. */
export const ago = (then: Date, now = Date.now()): string => `${humanDuration(now - then.getTime())} ago`

const two = (number: number): string => String(number).padStart(2, '0')
const date = (when: Date): string =>
  [String(when.getFullYear()).padStart(4, '0'), two(when.getMonth() + 1), two(when.getDate())].join('-')
const clock = (when: Date): string => [when.getHours(), when.getMinutes(), when.getSeconds()].map(two).join(':')

function offset(when: Date, colon: string): string {
  const minutes = -when.getTimezoneOffset()
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${colon}${two(Math.abs(minutes) % 60)}`
}

/** What Go has for a time that was never set. */
const NEVER = '0001-01-01'

/** In the time zone of the reader, whole seconds: 2024-09-26T21:31:42Z. @see RFC 3339 */
export function rfc3339(time: string | undefined): string {
  if (time === undefined) return `${NEVER}T00:00:00Z`
  const when = new Date(time)
  return `${date(when)}T${clock(when)}${when.getTimezoneOffset() === 0 ? 'Z' : offset(when, ':')}`
}

/** As Go prints a time: 2024-09-26 21:31:42 +0000 UTC. */
export function goTime(time: string | undefined): string {
  if (time === undefined) return `${NEVER} 00:00:00 +0000 UTC`
  const when = new Date(time)
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(when)
  const zone = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
  const far = offset(when, '')
  return `${date(when)} ${clock(when)} ${far} ${zone.startsWith('GMT') ? far.replace(/00$/, '') : zone}`
}

/** At most so many columns, the last one a … if that is too few. */
export function ellipsis(text: string, most: number): string {
  const characters = [...text]
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}
