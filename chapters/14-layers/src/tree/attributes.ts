// Extended attributes of a file: small values by name, which the kernel, or a program, keeps beside its bytes.
//
//   attributesOf('usr/bin/ping')                       → { 'security.capability': <Buffer …> }
//   setAttributes('usr/bin/ping', { 'user.note': … })
//
// Invariant: of a symlink, never of what it leads to. @see xattr(7)
import { callAll, getAttribute, listAttributes, setAttribute, SyscallError } from '@pocker/syscalls'

export type Attributes = Readonly<Record<string, Buffer>>

/** Bytes: what is nearly always enough, and what the kernel has at most (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
const SIZES = [1024, 65_536]

/** Empty where the file system has none. */
export function attributesOf(path: string): Attributes {
  const names = answer((size) => listAttributes(path, size))?.toString('utf8').split('\0').filter(Boolean) ?? []
  const values = names.map((name) => [name, answer((size) => getAttribute(path, name, size))] as const)
  return Object.fromEntries(values.filter((pair): pair is [string, Buffer] => pair[1] !== undefined).toSorted(byName))
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** @returns undefined if there is none: it went meanwhile, or the file system has none at all */
function answer(ask: (size: number) => Parameters<typeof callAll>[0][number]): Buffer | undefined {
  for (const size of SIZES) {
    try {
      const [{ value = 0n, outs: [buffer] } = { outs: [] }] = callAll([ask(size)])
      return buffer?.subarray(0, Number(value))
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error
      if (error.code === 'ENODATA' || error.code === 'EOPNOTSUPP') return undefined
      if (error.code !== 'ERANGE') throw error
    }
  }
  return undefined
}

/** @throws {SyscallError} EOPNOTSUPP where the file system has none */
export function setAttributes(path: string, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) callAll([setAttribute(path, name, value)])
}
