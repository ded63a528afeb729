// The border between a stranger's data and a plan: everything that an answer computed passes here.
//
//   accept(name, outcome)   → an Isolation that can be encoded and sandboxed, or a Failure that says what is wrong
//
// Invariant: the grader itself makes no system call, and writes no file, that an answer asks for. So only what runs
// in the sandbox is let through: flags, before, child.
import { CLONE, encode, formatFlags, fromJson, machine, type Isolation } from '@pocker/syscalls'
import type { Outcome } from './inside.ts'
import { Failure } from './verdict.ts'

/** Bytes of all buffers that the kernel fills: more than any plan of the course asks for. */
const MOST_OUT = 1024 * 1024
const NAMESPACES = Object.entries(CLONE).filter(([name]) => name.startsWith('CLONE_NEW'))
  .reduce((all, [, bit]) => all | BigInt(bit), 0n)

/** @throws {Failure} */
export function accept(name: string, outcome: Outcome): Isolation {
  if ('error' in outcome) throw new Failure(`${name}() threw ${outcome.error.name}: ${outcome.error.message}`)
  if ('nonsense' in outcome) {
    const difference = { expected: 'an object { name, flags, child }', seen: outcome.nonsense }
    throw new Failure(`${name}() returned no isolation`, difference)
  }
  try {
    return checked(fromJson(outcome.isolation))
  } catch (error) {
    // Whatever goes wrong while a stranger's data is read is the data's fault: a SpecError, or the end of the stack.
    if (error instanceof Failure) throw error
    throw new Failure(`${name}() returned no isolation: ${(error as Error).message}`, {}, { cause: error })
  }
}

function checked(isolation: Isolation): Isolation {
  const { flags = 0n, before = [], child = [], needs = [], beside = [] } = isolation
  if (needs.length + beside.length > 0) {
    throw new Failure('expected an isolation of flags and child, got needs or beside')
  }
  const others = flags & ~NAMESPACES
  if (others) throw new Failure(`flags: expected CLONE_NEW… flags, got ${formatFlags(CLONE, others)}`)
  const steps = [...before, ...child]
  const bytes = outBytes(steps)
  if (bytes > MOST_OUT) throw new Failure(`out: expected at most ${MOST_OUT} bytes in all, got ${bytes}`)
  encode(steps, machine())
  return isolation
}

/** @returns the bytes of all buffers, counted before memory is taken for them */
function outBytes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const { out = 0 } = value as { out?: unknown }
  if (!Number.isInteger(out) || Number(out) < 0) {
    throw new Failure(`out: expected a size in bytes, got ${JSON.stringify(out)}`)
  }
  return Object.values(value).reduce((sum: number, item) => sum + outBytes(item), Number(out))
}
