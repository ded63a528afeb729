// A system call as data: what a plan consists of.
//
//   { call: 'sethostname', args: ['box', 3] }
//
// Invariant: a Syscall holds no address, no function and no open resource. It means the same in another process, in a
// file, or on another machine; only encode() (machine/encode.ts) gives it a place in memory.
import type { CallName } from './table.ts'

/** A buffer of so many bytes that the kernel fills; its content is read back after the call. */
export interface Out { readonly out: number }

/**
 * The result of the earlier step that was given this name with `as`, for example a descriptor; or a number that is known only
 * when the list runs, see encode().
 */
export interface ResultOf { readonly resultOf: string }

/** The buffer that the earlier step of this name had the kernel fill. */
export interface OutOf { readonly outOf: string }

/** Bytes that are no text, such as a netlink message: in hexadecimal, so that a plan stays JSON. */
export interface Bytes { readonly hex: string }

/** The fields of a C struct by name; the layout comes from the table of system calls. */
export interface Fields { readonly [field: string]: Value }

/** What an argument can be. Which of these a parameter takes is said by its kind in the table. */
export type Value = number | bigint | string | null | readonly string[] | Out | ResultOf | OutOf | Bytes | Fields

// region syscall
export interface Syscall {
  readonly call: CallName
  readonly args: readonly Value[]
  /** Why this step is there, in one line. Without it, the table's own line is printed. */
  readonly why?: string
  /** An error of this step is noted, and the list goes on: any error, or one of at most three, such as `['ENOENT']`. */
  readonly mayFail?: true | readonly string[]
  /** Where the list goes on if the step returns 0: the child's side of a clone3, the end of a pipe. */
  readonly onZero?: readonly Syscall[]
  /** A name for the result, for `{ resultOf }` in a later step of the same list. */
  readonly as?: string
}
// endregion

/** @returns the same call with a reason that `explain` prints */
export function because<S extends Syscall>(why: string, call: S): S {
  return { ...call, why }
}

/** @returns the same call, whose failure the list survives: any, or only these errnos */
export function mayFail<S extends Syscall>(call: S, ...errnos: readonly string[]): S {
  return { ...call, mayFail: errnos.length > 0 ? errnos : true }
}

export const isOut = (v: Value | undefined): v is Out => typeof v === 'object' && v !== null && 'out' in v
export const isBytes = (v: unknown): v is Bytes => typeof v === 'object' && v !== null && 'hex' in v
export const isOutOf = (v: Value | undefined): v is OutOf => typeof v === 'object' && v !== null && 'outOf' in v
export const isResultOf = (v: Value | undefined): v is ResultOf => typeof v === 'object' && v !== null && 'resultOf' in v
