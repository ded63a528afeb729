// The door to the C library: the few functions that JavaScript calls directly, through FFI.
//
//   libc.getpid()   → 4711
//
// Invariant: FFI is loaded at the first call, so printing a plan never pays for it.
import { SpecError, SyscallError } from '../errno.ts'
import { address, errno, foreign, symbol, WORD } from './ffi.ts'

/** What they answer. @see the man page of each */
const RETURNS = {
  getpid: 'int', chroot: 'int', chdir: 'int', sethostname: 'int', setdomainname: 'int', unshare: 'int', execve: 'int',
  mmap: 'long', mprotect: 'int', munmap: 'int', pthread_sigmask: 'int',
} as const

interface Raw {
  getpid(): number
  chroot(path: string): number
  chdir(path: string): number
  sethostname(name: string, length: number): number
  setdomainname(name: string, length: number): number
  unshare(flags: number): number
  execve(path: string, argv: Buffer, envp: Buffer): number
  mmap(at: bigint | null, size: number, protection: number, flags: number, fd: number, offset: number): bigint
  mprotect(at: bigint, size: number, protection: number): number
  munmap(at: bigint, size: number): number
  pthread_sigmask(how: number, set: Buffer | null, old: Buffer | null): number
}

let raw: Raw | undefined
/** The functions as C has them: they answer -1, and errno() tells why. */
export const rawLibc = (): Raw => (raw ??= Object.fromEntries(Object.entries(RETURNS).map(([name, returns]) => {
  const at = symbol(name)
  if (!at) throw new SpecError(`libc.so.6: expected ${name}, got no such function: pocker needs glibc`)
  return [name, foreign(at, returns as 'int')]
})) as unknown as Raw)

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

/** char *const list[]: an array of pointers with NULL at its end, and behind it what they point to. */
function strings(list: readonly string[]): Buffer {
  const texts = list.map((text) => Buffer.from(`${text}\0`))
  const block = Buffer.concat([Buffer.alloc(WORD * (list.length + 1)), ...texts])
  let at = address(block) + BigInt(WORD * (list.length + 1))
  for (const [i, text] of texts.entries()) {
    block.writeBigUInt64LE(at, WORD * i)
    at += BigInt(text.length)
  }
  return block
}
