// Addresses and names as text and as bytes: what people write, and what the kernel reads.
//
//   parseMac('mac', '02:00:00:00:00:01')   → 6 bytes          formatMac(bytes)
//   parseIp('via', 'fd00::1')              → 4 or 16 bytes    formatIp(bytes)   as RFC 5952 wants it
//   parsePrefix('to', '10.0.0.0/8')        → { bytes, length: 8 }
//   checkName('name', 'veth0')             → 'veth0'
//
// Invariant: pure; what is none of them is refused here, before the kernel sees it.
import { isIPv4, isIPv6 } from 'node:net'
import { SpecError } from '@pocker/syscalls'

export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_BRIDGE = 7
export const AF_INET6 = 10

/** IFNAMSIZ without the NUL at its end, in bytes. */
const NAME_MAX = 15

function refuse(what: string, expected: string, got: unknown): never {
  throw new SpecError(`${what}: expected ${expected}, got ${JSON.stringify(got) ?? 'nothing'}`)
}

/** The rules of dev_valid_name(), no control characters, no template: of `veth%d` the kernel makes veth0. @throws {SpecError} */
export function checkName(what: string, name: string): string {
  if (isName(name)) return name
  return refuse(what, `an interface name of 1 to ${NAME_MAX} bytes without "/", ":", "%" and white space`, name)
}

/** What an address is called may have a colon in it: `eth0:1`. @throws {SpecError} */
export function checkLabel(what: string, label: string): string {
  if (typeof label === 'string' && isName(label.replace(':', '.'))) return label
  return refuse(what, `a name of 1 to ${NAME_MAX} bytes such as eth0:1`, label)
}

function isName(name: string): boolean {
  const length = typeof name === 'string' ? Buffer.byteLength(name) : 0
  return length > 0 && length <= NAME_MAX && name !== '.' && name !== '..' && !/[/:%\s\0-\x1f\x7f]/.test(name)
}

/** @throws {SpecError} unless it is six bytes in hexadecimal, joined by colons */
export function parseMac(what: string, mac: string): Buffer {
  if (typeof mac === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return Buffer.from(mac.replaceAll(':', ''), 'hex')
  return refuse(what, 'a MAC address such as 02:00:00:00:00:01', mac)
}

/** Of any length: an address of a tunnel is no MAC, but looks like one. */
export const formatMac = (bytes: Buffer): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')

/** @returns 4 bytes or 16. @throws {SpecError} */
export function parseIp(what: string, address: string): Buffer {
  if (typeof address === 'string' && isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (typeof address === 'string' && isIPv6(address) && !address.includes('%')) return v6(address)
  return refuse(what, 'an address such as 10.0.0.1 or fd00::1', address)
}

export function formatIp(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':')
  const [longest] = (words.match(/\b0(:0)+\b/g) ?? []).toSorted((a, b) => b.length - a.length)
  return longest ? words.replace(new RegExp(`(^|:)${longest}(:|$)`), '::') : words
}

/**
 * The kernel reads the first four bytes of any address as one of IPv4.
 * @throws {SpecError} unless it is of this family, or there is none
 */
export function checkFamily(what: string, family: number, address: string | undefined): void {
  if (address === undefined || familyOf(parseIp(what, address)) === family) return
  refuse(what, `an address of IPv${family === AF_INET ? 4 : 6}, as the other one is`, address)
}

/** An address and how many of its bits are those of the network. */
export interface Prefix { readonly family: number; readonly bytes: Buffer; readonly length: number }

/** @param prefix without a length it is a single address. @throws {SpecError} */
export function parsePrefix(what: string, prefix: string): Prefix {
  const [, address = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(prefix) ?? []
  if (!isIPv4(address) && !(isIPv6(address) && !address.includes('%'))) {
    return refuse(what, 'an address and a prefix length such as 10.0.0.1/24 or fd00::1/64', prefix)
  }
  const bytes = parseIp(what, address)
  const bits = 8 * bytes.length
  const length = Number(digits ?? bits)
  if (length > bits) return refuse(what, `a prefix length of 0 to ${bits}`, length)
  return { family: familyOf(bytes), bytes, length }
}

/** @returns AF_INET or AF_INET6 */
export const familyOf = (address: Buffer): number => (address.length === 4 ? AF_INET : AF_INET6)

function v6(address: string): Buffer {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) =>
    Buffer.from(bytes.slice(0, 4).map(Number)).toString('hex').replace(/^.{4}/, '$&:'))
  const [left = [], right = []] = hex.split('::').map((part) => (part ? part.split(':') : []))
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return Buffer.from([...left, ...zeros, ...right].map((word) => word.padStart(4, '0')).join(''), 'hex')
}
