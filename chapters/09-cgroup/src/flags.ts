// The words of `docker run` that become files of a group: --pids-limit, --cgroupns, --cgroup-parent, --blkio-weight,
// --device-read-bps and its kin.
//
//   parseThrottle('--device-read-bps', '/dev/sda:1m', numberOf)   → '8:0 rbps=1048576'
//
// Invariant: pure, but for the numbers of a device, which the caller looks up.
import { SpecError } from '@pocker/syscalls'
import type { Limits } from './files.ts'

/** @throws {SpecError} naming the flag */
export function wholeNumber(flag: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new SpecError(`${flag}: expected a whole number, got ${JSON.stringify(text)}`)
  return Number(text)
}

/** @throws {SpecError} */
export function parseCgroupns(text: string | undefined): 'private' | 'host' {
  if (text === undefined || text === 'private' || text === 'host') return text ?? 'private'
  throw new SpecError(`--cgroupns: expected private or host, got ${JSON.stringify(text)}`)
}

/** @returns a path below each hierarchy. @throws {SpecError} if it leads out of it, or is a name of systemd's */
export function parseCgroupParent(text: string): string {
  const parts = text.split('/').filter(Boolean)
  if (parts.length > 0 && !parts.includes('..') && !parts.includes('.') && !text.endsWith('.slice')) return `/${parts.join('/')}`
  throw new SpecError(`--cgroup-parent: expected a path such as /pocker/team, got ${JSON.stringify(text)}`)
}

/** Docker's scale, and version 1's. */
const [LEAST, MOST] = [10, 1000]
/** To version 2's, 1 to 10000. @see runc, cgroups/utils.go, ConvertBlkIOToIOWeightValue */
export const ioWeight = (blkio: number): number => 1 + Math.floor(((blkio - LEAST) * 9999) / (MOST - LEAST))

/** @throws {SpecError} */
export function parseWeight(text: string): Limits {
  const weight = wholeNumber('--blkio-weight', text)
  if (weight < LEAST || weight > MOST) throw new SpecError(`--blkio-weight: expected ${LEAST} to ${MOST}, got ${weight}`)
  return { 'io.weight': `default ${ioWeight(weight)}` }
}

/** The keys of io.max. */
export const THROTTLES = {
  '--device-read-bps': 'rbps', '--device-write-bps': 'wbps', '--device-read-iops': 'riops', '--device-write-iops': 'wiops',
} as const

/**
 * @param numberOf the numbers of a block device, MAJOR:MINOR
 * @param parseSize for bytes each second; requests are counted as they are
 * @returns a line of io.max. @throws {SpecError} naming the flag
 */
export function parseThrottle(
  flag: keyof typeof THROTTLES, text: string, numberOf: (path: string) => string, parseSize: (text: string) => number,
): string {
  const [, path, rate] = /^(\/[^:]+):([^:]+)$/.exec(text) ?? []
  if (!path || !rate) throw new SpecError(`${flag}: expected DEVICE:RATE such as /dev/sda:1m, got ${JSON.stringify(text)}`)
  const amount = flag.endsWith('bps') ? parseSize(rate) : wholeNumber(flag, rate)
  return `${numberOf(path)} ${THROTTLES[flag]}=${amount}`
}
