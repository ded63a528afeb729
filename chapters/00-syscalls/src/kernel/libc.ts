// The door to the C library: the few functions that JavaScript calls directly, through ffi-napi.
//
//   libc().getpid()   → 4711
//
// Loading FFI costs about 25 ms, so it happens at the first use: printing a plan never pays for it.
import { createRequire } from 'node:module'
import { SyscallError } from '../errno.ts'

type Pointer = Buffer
type Ffi = typeof import('ffi-napi')
type Ref = typeof import('ref-napi')

const load = createRequire(import.meta.url)
let ffiModule: Ffi | undefined
let refModule: Ref | undefined
export const ffi = (): Ffi => (ffiModule ??= load('ffi-napi') as Ffi)
export const ref = (): Ref => (refModule ??= load('ref-napi') as Ref)

const SIGNATURES = {
  getpid: ['int', []],
  chroot: ['int', ['string']],
  chdir: ['int', ['string']],
  sethostname: ['int', ['string', 'size_t']],
  setdomainname: ['int', ['string', 'size_t']],
  unshare: ['int', ['int']],
  execve: ['int', ['string', 'pointer', 'pointer']],
  mmap: ['pointer', ['pointer', 'size_t', 'int', 'int', 'int', 'long']],
  mprotect: ['int', ['pointer', 'size_t', 'int']],
  munmap: ['int', ['pointer', 'size_t']],
  pthread_sigmask: ['int', ['int', 'pointer', 'pointer']],
} as const

interface Raw {
  getpid(): number
  chroot(path: string): number
  chdir(path: string): number
  sethostname(name: string, length: number): number
  setdomainname(name: string, length: number): number
  unshare(flags: number): number
  execve(path: string, argv: Pointer, envp: Pointer): number
  mmap(at: Pointer, size: number, protection: number, flags: number, fd: number, offset: number): Pointer
  mprotect(at: Pointer, size: number, protection: number): number
  munmap(at: Pointer, size: number): number
  pthread_sigmask(how: number, set: Pointer | null, old: Pointer | null): number
}

let raw: Raw | undefined
/** The functions as C has them: they answer -1, and errno() tells why. */
export const rawLibc = (): Raw => (raw ??= ffi().Library('libc.so.6', SIGNATURES as never) as unknown as Raw)

/** @returns the address of something that the C library exports; undefined if this one does not */
export function symbol(name: string): Buffer | undefined {
  try {
    return new (ffi().DynamicLibrary)('libc.so.6').get(name) as Buffer
  } catch {
    return undefined
  }
}

/** The last error of the C library. V8 may have changed it since: the trampoline, which answers -errno itself, cannot be wrong. */
export const errno = (): number => ffi().errno()

function check(name: string, result: number): void {
  if (result === -1) throw new SyscallError(name, errno())
}

/** libc for the first lessons: plain functions that throw a SyscallError. What they do, they do to this very process. */
export const libc = {
  getpid: (): number => rawLibc().getpid(),
  /** @see chroot(2) */
  chroot: (path: string): void => check(`chroot("${path}")`, rawLibc().chroot(path)),
  /** @see chdir(2) */
  chdir: (path: string): void => check(`chdir("${path}")`, rawLibc().chdir(path)),
  /** @see sethostname(2) */
  sethostname: (name: string): void => check(`sethostname("${name}")`, rawLibc().sethostname(name, Buffer.byteLength(name))),
  /** @see setdomainname(2) */
  setdomainname: (name: string): void => check(`setdomainname("${name}")`, rawLibc().setdomainname(name, Buffer.byteLength(name))),
  /** @param flags CLONE_NEW*. @see unshare(2) */
  unshare: (flags: bigint): void => check('unshare', rawLibc().unshare(Number(flags))),
  /** Replaces node itself. @see execve(2) */
  execve: (path: string, argv: readonly string[], envp: readonly string[]): never => {
    const [argvBlock, envBlock] = [argv, envp].map(strings)
    rawLibc().execve(path, argvBlock as Buffer, envBlock as Buffer)
    throw new SyscallError(`execve("${path}")`, errno())
  },
}

/** char *const list[] in memory of Node's: an array of pointers with NULL at its end. */
function strings(list: readonly string[]): Buffer {
  const block = Buffer.alloc(8 * (list.length + 1))
  list.forEach((text, i) => ref().writePointer(block, 8 * i, Buffer.from(`${text}\0`)))
  return block
}
