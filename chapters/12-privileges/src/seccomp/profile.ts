// A seccomp profile: what a container's programs may ask of the kernel. This is `linux.seccomp` of an OCI config.json.
//
//   parseSeccomp(parseJson('seccomp', text))   → Seccomp, or one line that says what is wrong
//   unknownSyscalls(profile, 'x64')            → ['chown32']: names that mean nothing on this machine
//
// Invariant: a Seccomp that came from here compiles on every machine, unless its filter becomes too long.
// @see https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp
import { SpecError, type Machine } from '@pocker/syscalls'
import { readInteger, readList, readObject, readOneOf, readText, readU64, wrong } from './json.ts'
import { syscallNumbers } from './numbers.ts'

// region actions
/** What a filter can answer, as its return value: SECCOMP_RET_* of <linux/seccomp.h>. */
export const ACTIONS = {
  SCMP_ACT_KILL: 0, SCMP_ACT_KILL_THREAD: 0, SCMP_ACT_KILL_PROCESS: 0x8000_0000, SCMP_ACT_TRAP: 0x3_0000,
  SCMP_ACT_ERRNO: 0x5_0000, SCMP_ACT_TRACE: 0x7ff0_0000, SCMP_ACT_LOG: 0x7ffc_0000, SCMP_ACT_ALLOW: 0x7fff_0000,
} as const
export type Action = keyof typeof ACTIONS
// endregion

export const OPERATORS = [
  'SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ',
] as const
export type Operator = typeof OPERATORS[number]

/** One argument of a call against a value, both as 64 bits without a sign. */
export interface Condition {
  /** 0 to 5. */
  readonly index: number
  /** What to compare with; of MASKED_EQ, the mask. */
  readonly value: number | bigint
  /** Of MASKED_EQ, what must be left under the mask. */
  readonly valueTwo?: number | bigint
  readonly op: Operator
}

export interface Rule {
  readonly names: readonly string[]
  readonly action: Action
  /** Of ERRNO, the error; of TRACE, what the tracer is told. EPERM if nothing is said. */
  readonly errnoRet?: number
  readonly args?: readonly Condition[]
}

/** The flags of seccomp(2) that OCI names, but for that of listeners. */
const FILTER_FLAGS = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'] as const
export type FilterFlag = typeof FILTER_FLAGS[number]

export interface Seccomp {
  /** For a call that no rule is about. */
  readonly defaultAction: Action
  readonly defaultErrnoRet?: number
  /** Kept for whoever reads the config.json: a filter of ours is always for this very machine, and refuses any other. */
  readonly architectures?: readonly string[]
  readonly flags?: readonly FilterFlag[]
  readonly syscalls?: readonly Rule[]
}

/** @throws {SpecError} naming the field that is not what it should be */
export function parseSeccomp(data: unknown): Seccomp {
  const { defaultAction, defaultErrnoRet, architectures, flags, syscalls, listenerPath } = readObject('seccomp', data)
  if (listenerPath) throw new SpecError('listenerPath: expected none, as nobody listens here for SCMP_ACT_NOTIFY')
  const action = readAction('defaultAction', defaultAction)
  return {
    defaultAction: action,
    ...withErrno('defaultErrnoRet', action, defaultErrnoRet),
    architectures: readList('architectures', architectures, readArchitecture),
    ...(flags !== undefined && flags !== null && {
      flags: readList('flags', flags, (what, flag) => readOneOf(what, FILTER_FLAGS, flag)),
    }),
    syscalls: readList('syscalls', syscalls, (what, rule) => {
      const names = readList(`${what}.names`, readObject(what, rule)['names'], readText)
      if (names.length === 0) throw wrong(`${what}.names`, 'names of system calls', names)
      return readRule(what, names, rule)
    }),
  }
}

/** What is the same in a rule of OCI's and one of Docker's. */
export function readRule(what: string, names: readonly string[], data: unknown): Rule {
  const { action, errnoRet, args } = readObject(what, data)
  const parsed = readAction(`${what}.action`, action)
  return {
    names, action: parsed,
    ...withErrno(`${what}.errnoRet`, parsed, errnoRet),
    args: readList(`${what}.args`, args, readCondition),
  }
}

const ACTION_NAMES = Object.keys(ACTIONS) as Action[]

export function readAction(what: string, data: unknown): Action {
  if (data === 'SCMP_ACT_NOTIFY') {
    throw new SpecError(`${what}: expected an action that the kernel takes alone, got SCMP_ACT_NOTIFY, which asks a listener`)
  }
  return readOneOf(what, ACTION_NAMES, data)
}

/** The kernel's MAX_ERRNO, and the 16 bits of SECCOMP_RET_DATA. */
const DATA_MAX: Partial<Record<Action, number>> = { SCMP_ACT_ERRNO: 4095, SCMP_ACT_TRACE: 0xffff }

/** @returns the field, if it is there; OCI refuses one that the action has no use for */
export function withErrno<K extends string>(what: K | `${string}.${K}`, action: Action, data: unknown): { [P in K]?: number } {
  if (data === undefined || data === null) return {}
  const max = DATA_MAX[action]
  if (max === undefined) throw wrong(what, `none with ${action}`, data)
  return { [what.split('.').at(-1) ?? what]: readInteger(what, max, data) } as { [P in K]?: number }
}

function readCondition(what: string, data: unknown): Condition {
  const { index, value, valueTwo, op } = readObject(what, data)
  return {
    index: readInteger(`${what}.index`, 5, index),
    value: readU64(`${what}.value`, value),
    ...(valueTwo !== undefined && { valueTwo: readU64(`${what}.valueTwo`, valueTwo) }),
    op: readOneOf(`${what}.op`, OPERATORS, op),
  }
}

const ARCHITECTURE_NAMES = `X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390
  S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB`.split(/\s+/).map((name) => `SCMP_ARCH_${name}`)

export const readArchitecture = (what: string, data: unknown): string => readOneOf(what, ARCHITECTURE_NAMES, data)

/** Names that compile() skips, as Docker does: a profile is written for all kernels and machines. */
export function unknownSyscalls({ syscalls = [] }: Pick<Seccomp, 'syscalls'>, machine: Machine): string[] {
  const numbers = syscallNumbers(machine)
  return [...new Set(syscalls.flatMap(({ names }) => names))].filter((name) => !numbers.has(name))
}
