// System calls of this very process, through the trampoline's second entry: the same data, made here.
//
//   call(sethostname('box'))                → the result, or a SyscallError
//   callAll([open(…), setns(…), uname()])   → the results of all of them
import { formatCall } from '../data/format.ts'
import type { Syscall } from '../data/syscall.ts'
import { encode, type Image } from '../machine/encode.ts'
import { errnoText, SyscallError } from '../errno.ts'
import { Arena, machine, type Result } from './arena.ts'

/** Enough for most lists; a longer one gets an arena of its own size. */
const SCRATCH = 64 * 1024
let scratch: Arena | undefined

/** The arena for whatever ends before JavaScript goes on. It is used again and again. */
export function scratchArena(image: Image): Arena {
  if (scratch?.load(image)) return scratch
  const larger = new Arena(image, { size: SCRATCH }) // if there is no memory for it, the old one stays
  scratch?.free()
  return (scratch = larger)
}

/**
 * Makes one system call.
 * @returns the kernel's answer
 * @throws {SyscallError}
 */
export function call(syscall: Syscall): Result & { readonly value: bigint } {
  const [result] = callAll([syscall])
  return result as Result & { value: bigint }
}

/**
 * Makes system calls in order, without letting JavaScript run in between: for a namespace that is entered and left again.
 * @throws {SyscallError} of the step that failed; the steps after it were not made
 */
export function callAll(list: readonly Syscall[]): Result[] {
  const arena = scratchArena(encode(list, machine()))
  const answer = arena.runHere()
  const results = arena.results()
  if (answer < 0) throw failure(results)
  return results
}

/** The step that ended the list, as an error. */
export function failure(results: readonly Result[]): SyscallError {
  const failed = failedStep(results)
  if (!failed) throw new Error('a list that ended without an error of one of its steps')
  return new SyscallError(formatCall(failed.call), Number(-(failed.value ?? 0n)))
}

/** @returns the step whose error ended the list, if one did */
// region failedStep
export function failedStep(results: readonly Result[]): Result | undefined {
  return results.find((result) => isError(result.value) && !isTolerated(result))
}
// endregion

const isError = (value: bigint | undefined): boolean => value !== undefined && value < 0n && value >= -4095n

function isTolerated({ call: { mayFail }, value = 0n }: Result): boolean {
  return Array.isArray(mayFail) ? mayFail.includes(errnoText(Number(-value)).name) : mayFail === true
}
