// What a profile says about one call, by plain reading: the compiler is tested against this.
//
//   decide(profile, 'x64')({ arch: 0xc000003e, nr: 165, args: [] })   → 0x00050001, EPERM
//
// Invariant: no table, no search, no words of 32 bits: it shares with compile.ts only which cases there are.
import type { Machine } from '@pocker/syscalls'
import { ARCHITECTURES, X32_BIT } from './numbers.ts'
import type { Condition, Operator, Seccomp } from './profile.ts'
import { casesByNumber, defaultVerdict, isPermissive, lastKnown, verdict } from './rules.ts'

/** What the kernel shows a filter. @see struct seccomp_data, seccomp(2) */
export interface Request {
  /** AUDIT_ARCH_*. */
  readonly arch: number
  readonly nr: number
  /** Up to six, as 64 bits without a sign. */
  readonly args: readonly bigint[]
}

const ENOSYS = 38

/** @returns what answers SECCOMP_RET_* with its data */
export function decide(profile: Seccomp, machine: Machine): (request: Request) => number {
  const [cases, last] = [casesByNumber(profile, machine), lastKnown(profile, machine)]
  return ({ arch, nr, args }) => {
    if (arch !== ARCHITECTURES[machine].audit) return verdict('SCMP_ACT_KILL_PROCESS')
    if (machine === 'x64' && nr >= X32_BIT) return verdict('SCMP_ACT_ERRNO', ENOSYS)
    if (last >= 0 && nr > last && !isPermissive(profile)) return verdict('SCMP_ACT_ERRNO', ENOSYS)
    const match = cases.get(nr)?.find(({ when }) => when.every((condition) => holds(condition, args)))
    return match?.verdict ?? defaultVerdict(profile)
  }
}

const COMPARE: Readonly<Record<Operator, (arg: bigint, value: bigint, valueTwo: bigint) => boolean>> = {
  SCMP_CMP_NE: (arg, value) => arg !== value,
  SCMP_CMP_LT: (arg, value) => arg < value,
  SCMP_CMP_LE: (arg, value) => arg <= value,
  SCMP_CMP_EQ: (arg, value) => arg === value,
  SCMP_CMP_GE: (arg, value) => arg >= value,
  SCMP_CMP_GT: (arg, value) => arg > value,
  SCMP_CMP_MASKED_EQ: (arg, mask, value) => (arg & mask) === (value & mask),
}

const holds = ({ index, op, value, valueTwo = 0 }: Condition, args: readonly bigint[]): boolean =>
  COMPARE[op](args[index] ?? 0n, BigInt(value), BigInt(valueTwo))
