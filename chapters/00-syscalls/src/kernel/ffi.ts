// The foreign function interface: C functions, called from JavaScript.
//
//   const getppid = foreign(symbol('getppid'), 'int')   → getppid() answers 4711
//   address(buffer)                                     → 0x7f12_3456_7000n
//   memoryAt(address, size)                             → a Buffer of what is there, not a copy
//
// The native parts of ffi-napi and ref-napi do it, without the JavaScript around them: to load that costs 20 ms, the native
// parts alone cost 2. They are loaded at the first use; printing a plan never needs them.
//
// Invariant: a call is synchronous, so one set of storage serves all calls. Integers and pointers only: on x86-64 and arm64
// each is 64 bits in a register of its own, so a description of six 64-bit numbers fits any function, whatever it makes of them.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { SpecError } from '../errno.ts'

/** A Buffer stands for its address, a string for that of its bytes and a NUL, null for NULL. */
export type Argument = Buffer | string | number | bigint | null

/** What is used of ffi-napi/src/ffi.cc and ref-napi/src/binding.cc. A pointer is a Buffer that begins there. */
interface Ref {
  readonly instance: unknown
  address(buffer: Buffer): number
  readPointer(buffer: Buffer, offset: number, size: number): Buffer
}
interface Ffi {
  readonly FFI_CIF_SIZE: number
  readonly FFI_DEFAULT_ABI: number
  readonly FFI_TYPES: { readonly int64: Buffer }
  readonly StaticFunctions: { readonly dlopen: Buffer; readonly dlsym: Buffer; readonly ['_errno']: Buffer }
  ffi_prep_cif(cif: Buffer, count: number, result: Buffer, parameters: Buffer, abi: number): number
  ffi_call(cif: Buffer, at: Buffer, result: Buffer, parameters: Buffer): void
}

/** So many arguments have a register of their own on x86-64; arm64 has eight. */
const MOST = 6
export const WORD = 8
const RTLD_NOW = 2

const require = createRequire(import.meta.url)

/**
 * @param manifest finds the package's package.json
 * @returns what its native file exports: where node-gyp builds it, or where node-gyp-build finds it, which takes 5 ms to load
 */
function nativePart(file: string, manifest: () => string): unknown {
  try {
    const dir = dirname(manifest())
    const built = join(dir, 'build/Release', file)
    return require(existsSync(built) ? built : createRequire(manifest())('node-gyp-build').path(dir))
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n')
    const expected = `${file}, which npm install builds or fetches (npm rebuild for another node)`
    throw new SpecError(`FFI: expected ${expected}, got "${reason}"`, { cause })
  }
}

function load() {
  const ref = nativePart('binding.node', () => require.resolve('ref-napi/package.json')) as Ref
  const library = nativePart('ffi_bindings.node', () => require.resolve('ffi-napi/package.json'))
  const ffi = (library as { initializeBindings(instance: unknown): Ffi }).initializeBindings(ref.instance)
  const [types, values, pointers] = Array.from({ length: 3 }, () => Buffer.alloc(WORD * MOST)) as [Buffer, Buffer, Buffer]
  for (let i = 0; i < MOST; i++) {
    types.writeBigUInt64LE(BigInt(ref.address(ffi.FFI_TYPES.int64)), WORD * i)
    pointers.writeBigUInt64LE(BigInt(ref.address(values) + WORD * i), WORD * i)
  }
  const cifs = Array.from({ length: MOST + 1 }, (_, count) => {
    const cif = Buffer.alloc(ffi.FFI_CIF_SIZE)
    const status = ffi.ffi_prep_cif(cif, count, ffi.FFI_TYPES.int64, types, ffi.FFI_DEFAULT_ABI)
    if (status !== 0) throw new SpecError(`ffi_prep_cif: expected 0, got ${status}`)
    return cif
  })
  // libffi reads `types` through the cifs at each call.
  return { ref, ffi, types, cifs, values, pointers, result: Buffer.alloc(WORD) }
}

let loaded: ReturnType<typeof load> | undefined
const native = (): ReturnType<typeof load> => (loaded ??= load())

/**
 * @param at where the code begins
 * @param returns what C says of it: an int, or a long, an address among them
 * @returns a function of up to six arguments
 */
export function foreign(at: Buffer, returns: 'int'): (...args: readonly Argument[]) => number
export function foreign(at: Buffer, returns: 'long'): (...args: readonly Argument[]) => bigint
export function foreign(at: Buffer, returns: 'int' | 'long'): (...args: readonly Argument[]) => number | bigint {
  const { ffi, cifs, values, pointers, result } = native()
  return (...args) => {
    const cif = cifs[args.length]
    if (!cif) throw new SpecError(`a foreign function: expected at most ${MOST} arguments, got ${args.length}`)
    const buffers = args.map((value) => (typeof value === 'string' ? Buffer.from(`${value}\0`) : value))
    for (const [i, value] of buffers.entries()) values.writeBigInt64LE(toWord(value), WORD * i)
    ffi.ffi_call(cif, at, result, pointers)
    buffers.length = 0 // until here, nothing that C was to read could be collected
    return returns === 'int' ? result.readInt32LE() : result.readBigInt64LE()
  }
}

const toWord = (value: Exclude<Argument, string>): bigint =>
  value === null ? 0n : typeof value === 'object' ? address(value) : BigInt.asIntN(64, BigInt(value))

/** Where a Buffer's memory is. */
export const address = (buffer: Buffer): bigint => BigInt(native().ref.address(buffer))

/** @returns the memory there, which must stay as long as the Buffer is used */
export function memoryAt(start: bigint, size: number): Buffer {
  const cell = Buffer.alloc(WORD)
  cell.writeBigUInt64LE(start)
  return native().ref.readPointer(cell, 0, size)
}

let libcHandle: bigint | undefined
/** @returns where something is that the C library exports; undefined if this one does not */
export function symbol(name: string): Buffer | undefined {
  const { dlopen, dlsym } = native().ffi.StaticFunctions
  libcHandle ??= foreign(dlopen, 'long')('libc.so.6', RTLD_NOW)
  const at = foreign(dlsym, 'long')(libcHandle, name)
  return at === 0n ? undefined : memoryAt(at, WORD)
}

let lastError: (() => number) | undefined
/** The last error of the C library. V8 may have changed it since: the trampoline, which answers -errno itself, cannot be wrong. */
export const errno = (): number => (lastError ??= foreign(native().ffi.StaticFunctions['_errno'], 'int'))()
