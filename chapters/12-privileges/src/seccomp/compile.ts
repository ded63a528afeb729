// From a profile to a filter: the kernel runs it before every system call of the container.
//
//   compile(profile, 'x64')   → Instruction[]
//
// 1. Whose call is it? Another architecture has other numbers: an i386 call on x86-64 ends the process, as the container
//    is of this machine alone. x32, which shares x86-64's audit number, is ENOSYS, as of a kernel without it.
// 2. Which call is it? The numbers fall into ranges with the same answer; a binary search finds the range.
// 3. Does it depend on arguments? Those have 64 bits and BPF 32: each comparison is one of the upper halves and, if they
//    are equal, one of the lower halves.
// Invariant: pure. simulate(compile(p), request) is decide(p, request), for every request.
import type { Machine } from '@pocker/syscalls'
import {
  assemble, PROGRAM_MAX, tooLong, type Branch, type Instruction, type Load, type Node, type Return,
} from './assemble.ts'
import { ARCHITECTURES, X32_BIT } from './numbers.ts'
import type { Condition, Operator, Seccomp } from './profile.ts'
import { casesByNumber, defaultVerdict, isPermissive, lastKnown, verdict, type Case } from './rules.ts'

/** Offsets in struct seccomp_data, <linux/seccomp.h>. */
export const SECCOMP_DATA = { nr: 0, arch: 4, args: 16, size: 64 } as const

const ENOSYS = 38
/** Each takes two loads and two jumps at least. So a hopeless profile is refused before there is a tree of it. */
const CONDITION_MIN = 4

/** @throws {SpecError} if it would have more than 4096 instructions */
// region compile
export function compile(profile: Seccomp, machine: Machine): Instruction[] {
  return assemble({
    load: { at: SECCOMP_DATA.arch }, test: 'jeq', k: ARCHITECTURES[machine].audit,
    yes: search(ranges(profile, machine), { at: SECCOMP_DATA.nr }),
    no: { verdict: verdict('SCMP_ACT_KILL_PROCESS') },
  })
}
// endregion

/** From this number up to the next range's. */
interface Range { readonly from: number; readonly node: Node }

function ranges(profile: Seccomp, machine: Machine): Range[] {
  const answers = new Map<number, Return>()
  /** The same node for the same answer: that is what makes a range. */
  const answer = (verdict: number): Return => answers.get(verdict) ?? (answers.set(verdict, { verdict }), answer(verdict))
  const [rest, none] = [answer(defaultVerdict(profile)), answer(verdict('SCMP_ACT_ERRNO', ENOSYS))]
  const [byNumber, last] = [casesByNumber(profile, machine), lastKnown(profile, machine)]
  const conditions = [...byNumber.values()].flat().reduce((sum, { when }) => sum + when.length, 0)
  if (conditions * CONDITION_MIN > PROGRAM_MAX) throw tooLong()

  const all = new Map<number, Node>([[0, rest]])
  for (const [number, cases] of [...byNumber].toSorted(([a], [b]) => a - b)) {
    all.set(number, cases.toReversed().reduce((no: Node, one) => every(one, answer(one.verdict), no), rest))
    all.set(number + 1, rest)
  }
  if (last >= 0 && !isPermissive(profile)) all.set(last + 1, none)
  if (machine === 'x64') all.set(X32_BIT, none)
  return [...all].map(([from, node]) => ({ from, node })).filter(({ node }, i, list) => node !== list[i - 1]?.node)
}

// region search
function search(ranges: readonly Range[], load?: Load): Node {
  const middle = ranges.length >> 1
  const { from, node } = ranges[middle] as Range
  if (middle === 0) return node
  return {
    ...(load && { load }), test: 'jge', k: from,
    yes: search(ranges.slice(middle)), no: search(ranges.slice(0, middle)),
  }
}
// endregion

/** All conditions of a case, one after the other. */
const every = ({ when }: Case, yes: Node, no: Node): Node =>
  when.toReversed().reduce((then: Node, condition) => TESTS[condition.op](words(condition), then, no), yes)

/** Where an argument's halves lie, and those of what it is compared with. */
interface Words {
  readonly upper: number
  readonly lower: number
  readonly value: Halves
  readonly valueTwo: Halves
}
interface Halves { readonly upper: number; readonly lower: number }

const halves = (value: number | bigint): Halves =>
  ({ upper: Number(BigInt(value) >> 32n), lower: Number(BigInt(value) & 0xffff_ffffn) })

function words({ index, value, valueTwo = 0 }: Condition): Words {
  const lower = SECCOMP_DATA.args + 8 * index // both machines are little-endian
  return { lower, upper: lower + 4, value: halves(value), valueTwo: halves(valueTwo) }
}

type Test = (words: Words, yes: Node, no: Node) => Branch

// region tests
const equal: Test = ({ upper, lower, value }, yes, no) => ({
  load: { at: upper }, test: 'jeq', k: value.upper, no,
  yes: { load: { at: lower }, test: 'jeq', k: value.lower, yes, no },
})
const above = (test: 'jgt' | 'jge'): Test => ({ upper, lower, value }, yes, no) => ({
  load: { at: upper }, test: 'jgt', k: value.upper, yes,
  no: { test: 'jeq', k: value.upper, yes: { load: { at: lower }, test, k: value.lower, yes, no }, no },
})
/** libseccomp, too, ignores bits of the value that are not in the mask. */
const masked: Test = ({ upper, lower, value: mask, valueTwo }, yes, no) => ({
  load: { at: upper, mask: mask.upper }, test: 'jeq', k: (valueTwo.upper & mask.upper) >>> 0, no,
  yes: { load: { at: lower, mask: mask.lower }, test: 'jeq', k: (valueTwo.lower & mask.lower) >>> 0, yes, no },
})
const not = (test: Test): Test => (words, yes, no) => test(words, no, yes)

const TESTS: Readonly<Record<Operator, Test>> = {
  SCMP_CMP_EQ: equal, SCMP_CMP_NE: not(equal), SCMP_CMP_MASKED_EQ: masked,
  SCMP_CMP_GE: above('jge'), SCMP_CMP_LT: not(above('jge')), SCMP_CMP_GT: above('jgt'), SCMP_CMP_LE: not(above('jgt')),
}
// endregion
