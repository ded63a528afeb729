// The border between a stranger's data and a plan: everything that an answer computed passes here.
//
//   accept(name, outcome)        → an Isolation that can be encoded and sandboxed, or a Failure that says what is wrong
//   acceptValue(name, outcome)   → Json that can be read without care for its depth, or for what its keys do
//
// Invariant: the grader itself makes no system call, and writes no file, that an answer asks for. So only what runs
// in the sandbox is let through: flags, before, child; and, where an exercise is about users, the maps of the container,
// which the sandbox's PID 1 writes. A value runs nowhere: what it means is for the check to say.
import {
  CLONE, encode, formatBeside, formatFlags, fromJson, machine, type Beside, type Isolation, type Json,
} from '@pocker/syscalls'
import { MOST_VALUE, type Outcome } from './inside.ts'
import { FIRST_CHILD, written } from './sandbox.ts'
import { Failure } from './verdict.ts'

/** Bytes of all buffers that the kernel fills: more than any plan of the course asks for. */
const MOST_OUT = 1024 * 1024
const NAMESPACES = Object.entries(CLONE).filter(([name]) => name.startsWith('CLONE_NEW'))
  .reduce((all, [, bit]) => all | BigInt(bit), 0n)

/** The files that may be written beside a container, where anything may. */
const MAPS = new Set(['uid_map', 'gid_map', 'setgroups'].map((file) => `/proc/{pid}/${file}`))

/** @param maps whether it may say how the container's users are mapped. @throws {Failure} */
export function accept(name: string, outcome: Outcome, maps = false): Isolation {
  if (!('isolation' in outcome)) throw refused(name, outcome, 'isolation', 'an object { name, flags, child }')
  try {
    return checked(fromJson(outcome.isolation), maps)
  } catch (error) {
    // Whatever goes wrong while a stranger's data is read is the data's fault: a SpecError, or the end of the stack.
    if (error instanceof Failure) throw error
    throw new Failure(`${name}() returned no isolation: ${(error as Error).message}`, {}, { cause: error })
  }
}

/** Lists and objects within each other. */
const DEEPEST = 16

/** @throws {Failure} */
export function acceptValue(name: string, outcome: Outcome): Json {
  if (!('value' in outcome)) throw refused(name, outcome, 'JSON', 'lists, objects, texts, numbers, true, false and null')
  const wrong = flaw(outcome.value) ?? length(outcome.value)
  if (wrong) throw new Failure(`${name}() returned no JSON that is read here: ${wrong}`)
  return outcome.value
}

function length(value: Json): string | undefined {
  const { length: long } = JSON.stringify(value)
  return long > MOST_VALUE ? `expected at most ${MOST_VALUE} characters, got ${long}` : undefined
}

function flaw(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth >= DEEPEST) return `expected at most ${DEEPEST} lists and objects within each other, got more`
  if (Object.hasOwn(value, '__proto__')) return 'expected names of its own, got __proto__'
  for (const item of Object.values(value)) {
    const inner = flaw(item, depth + 1)
    if (inner) return inner
  }
  return undefined
}

/** @throws {Failure} if there is no such function, or it made a system call of its own */
export function mustBeCalled(name: string, outcome: Outcome): void {
  if ('exports' in outcome) {
    const difference = { expected: `export function ${name}`, seen: `exports: ${outcome.exports}` }
    throw new Failure(`the file exports no function ${name}`, difference)
  }
  if ('error' in outcome && outcome.error.message.startsWith('FFI: ')) {
    throw new Failure(`${name}() made a system call: expected it to return calls as data; there is no libc where it runs`)
  }
}

function refused(name: string, outcome: Outcome, what: string, expected: string): Failure {
  mustBeCalled(name, outcome)
  if ('error' in outcome) return new Failure(`${name}() threw ${outcome.error.name}: ${outcome.error.message}`)
  const seen = 'nonsense' in outcome ? outcome.nonsense : 'something else'
  return new Failure(`${name}() returned no ${what}`, { expected, seen })
}

function checked(isolation: Isolation, maps: boolean): Isolation {
  const { flags = 0n, cgroup, before = [], child = [], needs = [], beside = [] } = isolation
  if (cgroup !== undefined || needs.length > 0 || (!maps && beside.length > 0)) {
    throw new Failure('expected an isolation of flags and child, got cgroup, needs or beside')
  }
  const foreign = beside.find((work) => !isMap(work))
  if (foreign) {
    const files = [...MAPS].join(', ')
    throw new Failure(`beside: expected a path of ${files}, got ${formatBeside(foreign)}`)
  }
  const others = flags & ~NAMESPACES
  if (others) throw new Failure(`flags: expected CLONE_NEW… flags, got ${formatFlags(CLONE, others)}`)
  const steps = [...before, ...child]
  const bytes = outBytes(steps)
  if (bytes > MOST_OUT) throw new Failure(`out: expected at most ${MOST_OUT} bytes in all, got ${bytes}`)
  encode([...steps, ...written(beside, FIRST_CHILD).keys()], machine())
  return isolation
}

const isMap = (work: Beside): boolean => !('run' in work) && MAPS.has(work.path)

/** @returns the bytes of all buffers, counted before memory is taken for them */
function outBytes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const { out = 0 } = value as { out?: unknown }
  if (!Number.isInteger(out) || Number(out) < 0) {
    throw new Failure(`out: expected a size in bytes, got ${JSON.stringify(out)}`)
  }
  return Object.values(value).reduce((sum: number, item) => sum + outBytes(item), Number(out))
}
