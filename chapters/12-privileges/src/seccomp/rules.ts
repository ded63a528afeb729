// What a profile says about each system call, by number: cases in the order in which they are tried.
//
//   casesByNumber(profile, 'x64').get(41)   → [{ when: [socket's conditions], verdict: 0x7fff0000 }, …]
//
// A profile may say several things about one call. What counts is what runc and libseccomp 2.5 make of it:
// 1. A rule with the default action says nothing, and is dropped.
// 2. The conditions of a rule must all hold; but if two of them are about the same argument, any one of all will do.
// 3. A rule without conditions covers all others on that call; of two such rules, the first counts.
// 4. Where several conditional rules match, the more specific one counts, wherever it stands: the one about the later
//    argument; of one argument, EQ and NE before an upper limit before a lower limit; then the narrower of the two. If
//    both have the same value, as LT 5 and LE 5, the first counts.
//    (Measured. Only where MASKED_EQ, both sides of one limit or several arguments overlap does libseccomp's tree sometimes
//    choose otherwise.)
// Invariant: pure, and where rules differ in more than that, their order does not count.
import type { Machine } from '@pocker/syscalls'
import { syscallNumbers } from './numbers.ts'
import { ACTIONS, type Action, type Condition, type Operator, type Seccomp } from './profile.ts'

/** The kernel's answer, as a filter returns it, if all conditions hold. */
export interface Case { readonly when: readonly Condition[]; readonly verdict: number }

const EPERM = 1

/** @returns action and errno as one number, SECCOMP_RET_*; only two actions carry an errno */
export const verdict = (action: Action, errno: number = EPERM): number =>
  (ACTIONS[action] | (action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? errno : 0)) >>> 0

export const defaultVerdict = ({ defaultAction, defaultErrnoRet }: Seccomp): number => verdict(defaultAction, defaultErrnoRet)

export function casesByNumber(profile: Seccomp, machine: Machine): ReadonlyMap<number, readonly Case[]> {
  const cases = new Map<number, Case[]>()
  for (const { names, action, errnoRet, args = [] } of profile.syscalls ?? []) {
    const answer = verdict(action, errnoRet)
    if (answer === defaultVerdict(profile)) continue
    for (const number of numbersOf(names, machine)) {
      if (!cases.has(number)) cases.set(number, [])
      cases.get(number)?.push(...alternatives(args).map((when) => ({ when, verdict: answer })))
    }
  }
  return new Map([...cases].map(([number, list]) => [number, reachable(list.toSorted(bySpecificity))]))
}

/**
 * The highest number that the profile names, -1 if none: whoever wrote it cannot have known the calls above.
 * runc answers ENOSYS to those, even where all else is refused with EPERM. glibc tries new calls first and falls back to
 * older ones only on ENOSYS; an EPERM from openat2 or fchmodat2 would break a program that never asked for them.
 */
export function lastKnown({ syscalls = [] }: Seccomp, machine: Machine): number {
  return syscalls.flatMap(({ names }) => numbersOf(names, machine)).reduce((last, number) => Math.max(last, number), -1)
}

/** Those actions let a call happen, and so let the kernel itself say ENOSYS. */
export const isPermissive = ({ defaultAction }: Seccomp): boolean =>
  ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(defaultAction)

const numbersOf = (names: readonly string[], machine: Machine): number[] =>
  names.flatMap((name) => syscallNumbers(machine).get(name) ?? [])

/** Rule 2. runc's matchCall: "Revert to old behavior, adding each condition as a separate rule". */
function alternatives(args: readonly Condition[]): (readonly Condition[])[] {
  const twice = new Set(args.map(({ index }) => index)).size < args.length
  return twice ? args.map((condition) => [condition]) : [args.toSorted((a, b) => a.index - b.index)]
}

/** Equality, upper limits, lower limits. */
const RANK: Readonly<Record<Operator, number>> = {
  SCMP_CMP_EQ: 0, SCMP_CMP_NE: 0, SCMP_CMP_MASKED_EQ: 0, SCMP_CMP_LT: 1, SCMP_CMP_LE: 1, SCMP_CMP_GE: 2, SCMP_CMP_GT: 2,
}
const ALL_BITS = 2n ** 64n - 1n
const mask = ({ op, value }: Condition): bigint => (op === 'SCMP_CMP_MASKED_EQ' ? BigInt(value) : ALL_BITS)
const datum = ({ op, value, valueTwo = 0 }: Condition): bigint => BigInt(op === 'SCMP_CMP_MASKED_EQ' ? valueTwo : value)
const descending = (a: bigint, b: bigint): number => (a > b ? -1 : a < b ? 1 : 0)

const reachable = (cases: readonly Case[]): readonly Case[] => (cases[0]?.when.length === 0 ? cases.slice(0, 1) : cases)

function byNarrowness(a: Condition, b: Condition): number {
  const [kind, value] = [RANK[a.op], descending(datum(a), datum(b))]
  return b.index - a.index || kind - RANK[b.op] || descending(mask(a), mask(b)) || (kind === 1 ? -value : value)
}

/** Rules 3 and 4: condition by condition, and whoever has no more of them covers the other. */
function bySpecificity(one: Case, other: Case): number {
  for (const [i, condition] of one.when.entries()) {
    const against = other.when[i]
    const order = against ? byNarrowness(condition, against) : 1
    if (order !== 0) return order
  }
  return one.when.length - other.when.length
}
