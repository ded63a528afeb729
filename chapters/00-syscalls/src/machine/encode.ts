// From data to memory: lays a list of system calls out as the steps that the trampoline walks.
//
//   encode([sethostname('box')], 'x64')   → Image: bytes, the places that need an address added, where results will be
//
// Invariant: pure. An image is position independent until load() (kernel/arena.ts) gives it an address, so encoding is
// tested without root and without FFI. Every mistake in the data is found here, before anything runs.
import { shown, errnoNumber, SpecError } from '../errno.ts'
import { CAP, SIG } from '../data/constants.ts'
import { encodeName } from '../data/names.ts'
import { isBytes, isOut, isOutOf, isResultOf, type Fields, type Syscall, type Value } from '../data/syscall.ts'
import { isCallName, paramsOf, SYSCALLS, type Kind, type Layout } from '../data/table.ts'

export type Machine = 'x64' | 'arm64'

/** struct step, see x64.S: byte offsets of its fields. */
// region step
export const STEP = { nr: 0, args: 8, result: 56, onZero: 64, mayFail: 72, refs: 73, errnos: 74, size: 80 } as const
// endregion
/** What a result field holds until the kernel answers: no system call returns it. */
export const NOT_RUN = -(2n ** 63n)
/** The first page holds the code. */
export const CODE_SIZE = 4096
const END_OF_LIST = -1n
/** The room for them in struct step. */
const ERRNOS_MAX = 3
/** No call of ours reads more at once. */
const BUFFER_MAX = 1024 * 1024

/** Where one step lies in the image, and where its outputs will be. */
export interface Placed {
  readonly call: Syscall
  readonly at: number
  /** Byte offset and size of the buffers that the kernel fills, in the order of the arguments. */
  readonly outs: readonly { readonly at: number; readonly size: number }[]
}

export interface Image {
  /** Without the code page: its byte 0 is at CODE_SIZE. */
  readonly bytes: Buffer
  /** Offsets of the 64-bit fields that hold an offset and become addresses. */
  readonly pointers: readonly number[]
  /** Offset of the first step. */
  readonly entry: number
  /** All steps in the order of the data; those of an onZero list follow their step. */
  readonly steps: readonly Placed[]
}

/** Numbers that a plan calls by name, such as descriptors of whoever runs it. */
export type Given = Readonly<Record<string, number>>

/** @throws {SpecError} if an argument does not fit its parameter */
export function encode(list: readonly Syscall[], machine: Machine, given: Given = {}): Image {
  const memory = new Memory(given)
  const steps: Placed[] = []
  const entry = memory.list(list, machine, steps, new Map())
  return { bytes: memory.bytes(), pointers: memory.pointers, entry, steps }
}

/** A growing block of bytes in which fields may hold the offset of others. All offsets count from the arena's start. */
class Memory {
  #data = Buffer.alloc(4096)
  #top = CODE_SIZE
  readonly #given: Given
  readonly pointers: number[] = []

  constructor(given: Given) {
    this.#given = given
  }

  bytes(): Buffer {
    return this.#data.subarray(0, this.#top - CODE_SIZE)
  }

  /** @returns the offset of `size` zero bytes, aligned to 16 */
  alloc(size: number): number {
    const at = this.#top
    this.#top = (at + size + 15) & ~15
    while (this.#top - CODE_SIZE > this.#data.length) this.#data = Buffer.concat([this.#data, Buffer.alloc(this.#data.length)])
    return at
  }

  u64(at: number, value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0) {
      this.#data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at - CODE_SIZE)
    } else { // nearly always; a bigint takes ten times as long
      this.#data.writeUInt32LE(value >>> 0, at - CODE_SIZE)
      this.#data.writeUInt32LE(Math.floor(value / 2 ** 32), at - CODE_SIZE + 4)
    }
  }

  u32(at: number, value: bigint): void {
    this.#data.writeUInt32LE(Number(value), at - CODE_SIZE)
  }

  pointer(at: number, target: number): void {
    this.u64(at, target)
    this.pointers.push(at)
  }

  byte(at: number, value: number): void {
    this.#data[at - CODE_SIZE] = value
  }

  string(text: string): number {
    return this.blob(Buffer.concat([encodeName(text), Buffer.alloc(1)]))
  }

  blob(bytes: Buffer): number {
    const at = this.alloc(bytes.length)
    bytes.copy(this.#data, at - CODE_SIZE)
    return at
  }

  /** char *const list[], with the NULL at its end */
  strings(list: readonly string[]): number {
    const at = this.alloc(8 * (list.length + 1))
    list.forEach((text, i) => this.pointer(at + 8 * i, this.string(text)))
    return at
  }

  list(list: readonly Syscall[], machine: Machine, steps: Placed[], names: Map<string, Placed>): number {
    const start = this.alloc(STEP.size * (list.length + 1))
    list.forEach((call, i) => this.step(start + STEP.size * i, call, machine, steps, names))
    this.u64(start + STEP.size * list.length, END_OF_LIST)
    return start
  }

  step(at: number, call: Syscall, machine: Machine, steps: Placed[], names: Map<string, Placed>): void {
    if (!isCallName(call.call)) throw new SpecError(`${String(call.call)}: no such system call in the table`)
    const params = paramsOf(call)
    if (call.args.length !== params.length) {
      const names = params.map(({ name }) => name).join(', ')
      throw new SpecError(`${call.call}: expected ${params.length} arguments (${names}), got ${call.args.length}`)
    }
    const outs: { at: number; size: number }[] = []
    this.u64(at + STEP.nr, SYSCALLS[call.call][machine])
    this.u64(at + STEP.result, NOT_RUN)
    let refs = 0
    params.forEach(({ name, kind }, n) => {
      const value = call.args[n]
      const field = at + STEP.args + 8 * n
      if (isResultOf(value)) {
        const source = names.get(value.resultOf)
        if (source) {
          this.pointer(field, source.at + STEP.result)
          refs |= 1 << n
        } else {
          this.u64(field, this.given(`${call.call}: ${name}: expected the name of an earlier step`, value.resultOf))
        }
      } else if (isOutOf(value)) {
        const buffer = names.get(value.outOf)?.outs[0]
        if (!buffer) throw new SpecError(`${call.call}: ${name}: expected a step with a buffer, got ${value.outOf}`)
        this.pointer(field, buffer.at)
      } else {
        this.value(field, `${call.call}: ${name}`, kind, value, outs)
      }
    })
    this.byte(at + STEP.refs, refs)
    this.tolerance(at, call)
    const placed = { call, at, outs }
    if (call.as) names.set(call.as, placed)
    steps.push(placed)
    // It knows the names so far; its own mean nothing outside, for whoever goes that way does not come back.
    if (call.onZero) this.pointer(at + STEP.onZero, this.list(call.onZero, machine, steps, new Map(names)))
  }

  /** @throws {SpecError} if nobody gave a number of this name */
  given(expected: string, name: string): number {
    const number = Object.hasOwn(this.#given, name) ? this.#given[name] : undefined
    if (number === undefined) throw new SpecError(`${expected}, got ${name}`)
    return number
  }

  tolerance(at: number, { call, mayFail }: Syscall): void {
    if (mayFail === true) this.byte(at + STEP.mayFail, 1)
    if (!Array.isArray(mayFail)) return
    const errnos = mayFail.map((name) => errnoNumber(String(name)))
    if (errnos.length > ERRNOS_MAX || errnos.includes(undefined)) {
      throw new SpecError(`${call}: mayFail: expected at most ${ERRNOS_MAX} names such as ENOENT, got ${mayFail.join(', ')}`)
    }
    errnos.forEach((errno, i) => this.byte(at + STEP.errnos + i, errno ?? 0))
  }

  value(at: number, what: string, kind: Kind, value: Value | undefined, outs: { at: number; size: number }[]): void {
    if (isOut(value) && kind.is === 'out') {
      if (!Number.isInteger(value.out) || value.out < 0 || value.out > BUFFER_MAX) {
        throw new SpecError(`${what}: expected a buffer of 0 to ${BUFFER_MAX} bytes, got ${shown(value.out)}`)
      }
      const buffer = this.alloc(value.out)
      outs.push({ at: buffer, size: value.out })
      this.pointer(at, buffer)
    } else if (value === null && kind.is !== 'struct') {
      this.u64(at, 0)
    } else if (isBytes(value) && kind.is === 'bytes') {
      this.pointer(at, this.blob(fromHex(what, value.hex)))
    } else if (Array.isArray(value) && kind.is === 'capabilities') {
      const set = capabilitySet(what, value)
      this.u32(at, set & 0xffff_ffffn)
      this.u32(at + kind.apart, set >> 32n)
    } else if (typeof value === 'string' && kind.is === 'chars') {
      this.chars(at, what, value, kind.size)
    } else if (typeof value === 'string' && kind.is === 'string') {
      this.pointer(at, this.string(text(what, value)))
    } else if (Array.isArray(value) && kind.is === 'strings') {
      this.pointer(at, this.strings(value.map((item: unknown) => text(what, item))))
    } else if (Array.isArray(value) && kind.is === 'signals') {
      const set = this.alloc(8)
      this.u64(set, signalSet(what, value))
      this.pointer(at, set)
    } else if (Array.isArray(value) && kind.is === 'mask') {
      this.u64(at, signalSet(what, value))
    } else if (kind.is === 'struct' && typeof value === 'object' && value !== null) {
      this.pointer(at, this.struct(what, kind.layout, value as Fields, outs))
    } else if (isInteger(value) && NUMERIC.has(kind.is)) {
      this.u64(at, value)
    } else {
      throw new SpecError(`${what}: expected ${EXPECTED[kind.is]}, got ${shown(value)}`)
    }
  }

  /** char name[size] within a struct, with a NUL at its end. */
  chars(at: number, what: string, value: string, size: number): void {
    const bytes = Buffer.from(text(what, value))
    if (bytes.length >= size) throw new SpecError(`${what}: expected at most ${size - 1} bytes, got ${bytes.length}`)
    bytes.copy(this.#data, at - CODE_SIZE)
  }

  struct(what: string, layout: Layout, fields: Fields, outs: { at: number; size: number }[]): number {
    const start = this.alloc(layout.size)
    const unknown = Object.keys(fields).find((name) => !layout.fields.some((field) => field.name === name))
    if (unknown) throw new SpecError(`${what}: expected the fields ${layout.fields.map((f) => f.name).join(', ')}, got ${unknown}`)
    for (const { name, kind, at } of layout.fields) {
      const [field, value] = [`${what}.${name}`, fields[name] ?? null]
      if (!isResultOf(value)) this.value(start + at, field, kind, value, outs)
      else this.u64(start + at, this.given(`${field}: expected a number that is known beforehand`, value.resultOf))
    }
    return start
  }
}

const NUMERIC: ReadonlySet<Kind['is']> = new Set(['int', 'device', 'fd', 'mode', 'flags', 'one'])

const EXPECTED: Readonly<Record<Kind['is'], string>> = {
  int: 'a whole number', device: 'a device number', fd: 'a descriptor', mode: 'a file mode',
  bytes: 'bytes { hex }', capabilities: 'a list of capability names', chars: 'text', string: 'text', strings: 'a list of texts',
  out: 'a buffer { out: bytes } or null', signals: 'a list of signal names', mask: 'a list of signal names', flags: 'flags',
  one: 'one of its constants',
  struct: 'an object of its fields',
}

/** What a register holds: 64 bits, with a sign or without. */
const isInteger = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' ? value >= -(2n ** 63n) && value < 2n ** 64n : Number.isSafeInteger(value)

function text(what: string, value: unknown): string {
  if (typeof value !== 'string') throw new SpecError(`${what}: expected text, got ${shown(value)}`)
  if (value.includes('\0')) throw new SpecError(`${what}: expected text without a NUL byte, got ${JSON.stringify(value)}`)
  return value
}

function capabilitySet(what: string, names: readonly unknown[]): bigint {
  return names.reduce((set: bigint, name) => {
    const bit = valueOf(CAP, name)
    if (bit === undefined) throw new SpecError(`${what}: expected a name such as CAP_CHOWN, got ${shown(name)}`)
    return set | (1n << BigInt(bit))
  }, 0n)
}

function fromHex(what: string, hex: unknown): Buffer {
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})*$/.test(hex)) {
    throw new SpecError(`${what}: expected bytes in hexadecimal, got ${shown(hex)}`)
  }
  return Buffer.from(hex, 'hex')
}

function signalSet(what: string, names: readonly unknown[]): bigint {
  return names.reduce((set: bigint, name) => {
    const number = valueOf(SIG, name)
    if (number === undefined) throw new SpecError(`${what}: expected a name such as SIGINT, got ${shown(name)}`)
    return set | (1n << BigInt(number - 1))
  }, 0n)
}

const valueOf = (names: Readonly<Record<string, number>>, name: unknown): number | undefined =>
  typeof name === 'string' && Object.hasOwn(names, name) ? names[name] : undefined
