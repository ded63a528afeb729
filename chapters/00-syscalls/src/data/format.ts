// One system call as text, in the notation of strace(1): what a plan prints is what `strace -v` shows when it runs.
//
//   formatCall(sethostname('box'))   → sethostname("box", 3)
import { O_CREAT, S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, SIG, type Names } from './constants.ts'
import { encodeName } from './names.ts'
import { isBytes, isOut, isOutOf, isResultOf, type Fields, type Syscall, type Value } from './syscall.ts'
import { paramsOf, type Kind } from './table.ts'

/** @returns the call with its arguments, on one line */
export function formatCall(call: Pick<Syscall, 'call' | 'args'>): string {
  const params = paramsOf(call)
  const shown = isOpenOfExisting(call) ? call.args.slice(0, -1) : call.args
  return `${call.call}(${shown.map((value, i) => formatValue(params[i]?.kind ?? { is: 'int' }, value)).join(', ')})`
}

/** The mode is for a file that is made. @see open(2) */
const isOpenOfExisting = ({ call, args: [, , flags] }: Pick<Syscall, 'call' | 'args'>): boolean =>
  call === 'openat' && typeof flags === 'number' && (flags & O_CREAT) === 0

function formatValue(kind: Kind, value: Value): string {
  if (isResultOf(value)) return `<${value.resultOf}>`
  if (isOut(value)) return '{…}'
  if (isOutOf(value)) return `<${value.outOf}>`
  if (value === null) return 'NULL'
  if (typeof value === 'string') return quote(value)
  if (isBytes(value)) return quote(Buffer.from(value.hex, 'hex'))
  if (Array.isArray(value)) {
    if (kind.is === 'capabilities') return value.map((name) => `1<<${name}`).join('|') || '0'
    const signals = kind.is === 'signals' || kind.is === 'mask'
    return `[${signals ? value.map((name) => name.slice('SIG'.length)).join(' ') : value.map((text) => quote(text)).join(', ')}]`
  }
  if (typeof value === 'object') return formatFields(kind, value as Fields)
  return formatNumber(kind, value)
}

function formatFields(kind: Kind, value: Fields): string {
  if (kind.is !== 'struct') return '{…}'
  const kinds = new Map(kind.layout.fields.map((field) => [field.name, field.kind]))
  // Where a struct points to bytes, strace prints the address.
  const text = ([name, field]: [string, Value]): string =>
    `${name}=${isBytes(field) ? '{…}' : formatValue(kinds.get(name) ?? { is: 'int' }, field)}`
  return `{${Object.entries(value).map(text).join(', ')}}`
}

function formatNumber(kind: Kind, value: number | bigint): string {
  switch (kind.is) {
    case 'flags': return formatFlags(kind.names, value)
    case 'one': return nameOf(kind.names, value) ?? String(value)
    case 'mode': return formatMode(Number(value))
    case 'device': return formatDevice(Number(value))
    case 'fd': return value === -100 ? 'AT_FDCWD' : String(value)
    default: return String(value)
  }
}

/** The type of a file and its permissions. @see inode(7) */
const S_IFMT = 0o170000
const TYPES: Readonly<Record<number, string>> =
  { [S_IFCHR]: 'S_IFCHR|', [S_IFBLK]: 'S_IFBLK|', [S_IFIFO]: 'S_IFIFO|', [S_IFREG]: 'S_IFREG|' }

const formatMode = (mode: number): string =>
  `${TYPES[mode & S_IFMT] ?? ''}0${(mode & ~S_IFMT).toString(8).padStart(2, '0')}`
/** Twelve bits are the major number's; the minor number's lower eight lie below them, its upper twelve above. @see makedev(3) */
const formatDevice = (device: number): string =>
  `makedev(${hex((device >>> 8) & 0xfff)}, ${hex((device & 0xff) | ((device >>> 12) & 0xfff00))})`
const hex = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`)

/** How a file is opened is no flag but a number of two bits, and its name for 0 is told. @see open(2) */
const ACCESS_MODE = 3n

/** @returns the names joined with `|`; bits without a name in hexadecimal; `0` if there are none */
export function formatFlags(names: Names, value: number | bigint): string {
  const bits = BigInt(value)
  const known = Object.entries(names).filter(([, bit]) => BigInt(bit) !== 0n && (bits & BigInt(bit)) === BigInt(bit))
  const rest = known.reduce((left, [, bit]) => left & ~BigInt(bit), bits)
  const zero = (bits & ACCESS_MODE) === 0n ? nameOf(names, 0) : undefined
  return [...(zero ? [zero] : []), ...known.map(([name]) => name), ...(rest ? [`0x${rest.toString(16)}`] : [])].join('|') || '0'
}

export const nameOf = (names: Names, value: number | bigint): string | undefined =>
  Object.keys(names).find((name) => BigInt(names[name] ?? -1) === BigInt(value))

/** @returns `SIGTERM` for 15 */
export const signalName = (number: number): string => nameOf(SIG, number) ?? `signal ${number}`
/** The other way: those for real time have no name. */
export const signalNumber = (name: string): number => SIG[name] ?? Number(/^signal (\d+)$/.exec(name)?.[1] ?? 0)

const ESCAPES: Readonly<Record<string, string>> =
  { '\n': '\\n', '\t': '\\t', '\r': '\\r', '"': '\\"', '\\': '\\\\', '\f': '\\f', '\v': '\\v' }

/** A C string literal; what is not printable ASCII becomes octal bytes, as strace has it. */
function quote(text: string | Buffer): string {
  const bytes = typeof text === 'string' ? encodeName(text) : text
  const body = Array.from(bytes, (byte, i) => {
    const char = String.fromCharCode(byte)
    if (ESCAPES[char]) return ESCAPES[char]
    if (byte >= 0x20 && byte < 0x7f) return char
    const next = bytes[i + 1]
    const digitFollows = next !== undefined && next >= 0x30 && next <= 0x37
    return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`
  })
  return `"${body.join('')}"`
}
