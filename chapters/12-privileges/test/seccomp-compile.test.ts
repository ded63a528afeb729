// The compiler, held against a plain reading of the profile: for all numbers, for arguments at every edge, on both machines.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACTIONS, ARCHITECTURES, assemble, compile, decide, OPERATORS, parseProfile, DEFAULT_PROFILE, PROGRAM_MAX, simulate, syscallNumbers, toBytes,
  verdict, X32_BIT, type Action, type Condition, type Instruction, type Node, type Operator, type Rule, type Seccomp,
} from '@pocker/privileges'
import type { Machine } from '@pocker/syscalls'

const MACHINES = ['x64', 'arm64'] as const
const U64 = 2n ** 64n - 1n
const [KILL, ENOSYS, EPERM] = [ACTIONS.SCMP_ACT_KILL_PROCESS, 0x5_0026, 0x5_0001]
const eq = (index: number, value: number | bigint): Condition => ({ index, value, op: 'SCMP_CMP_EQ' })

/** Filter and reading on one call; they must agree. */
const both = (profile: Seccomp, machine: Machine, nr: number, args: readonly bigint[] = []): number => agreed(profile, machine)(nr, args)

function agreed(profile: Seccomp, machine: Machine): (nr: number, args?: readonly bigint[]) => number {
  const [program, expected] = [compile(profile, machine), decide(profile, machine)]
  return (nr, args = []) => {
    const request = { arch: ARCHITECTURES[machine].audit, nr, args }
    const answer = simulate(program, request)
    if (answer !== expected(request)) assert.unreachable(`${machine} ${nr}(${args.join(', ')}): ${answer} of ${text(profile)}`)
    return answer
  }
}
const text = (profile: unknown): string => JSON.stringify(profile, (_, value) => (typeof value === 'bigint' ? `${value}` : value))

const edges = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n].flatMap((n) => [n - 2n, n - 1n, n, n + 1n]).filter((n) => n >= 0n && n <= U64)
const word = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: U64 }), fc.bigInt({ min: 0n, max: 8n }))
const condition: fc.Arbitrary<Condition> = fc.record({
  index: fc.nat({ max: 5 }), value: word, valueTwo: word, op: fc.constantFrom<Operator>(...OPERATORS),
})
const action = fc.constantFrom(...Object.keys(ACTIONS) as Action[])
const NAMES = [...syscallNumbers('x64').keys(), 'no_such_call']
const rule: fc.Arbitrary<Rule> = fc.record({
  names: fc.oneof(fc.constant(['read', 'write']), fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 40 })),
  action, errnoRet: fc.nat({ max: 4095 }), args: fc.array(condition, { maxLength: 4 }),
})
const profile: fc.Arbitrary<Seccomp> = fc.record({
  defaultAction: action, defaultErrnoRet: fc.constantFrom(1, 38, 99), syscalls: fc.array(rule, { maxLength: 8 }),
})
/** Arguments that are near what the profile compares with. */
const near = (profile: Seccomp) => fc.array(fc.oneof(word, fc.constantFrom(0n, ...(profile.syscalls ?? []).flatMap(({ args = [] }) =>
  args.flatMap(({ value, valueTwo = 0 }) => [-1n, 0n, 1n, 2n ** 32n].map((by) => BigInt.asUintN(64, BigInt(value) + by)).concat(BigInt(valueTwo)))))), { minLength: 6, maxLength: 6 })

test('filter and profile agree for every number from 0 to 1024 and beyond, with any profile and any arguments', () => {
  const beyond = [2 ** 16, X32_BIT - 1, X32_BIT, X32_BIT + 1, X32_BIT + 165, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
  fc.assert(fc.property(profile.chain((p) => fc.tuple(fc.constant(p), near(p))), fc.constantFrom(...MACHINES), ([p, args], machine) => {
    const ask = agreed(p, machine)
    for (let nr = 0; nr <= 1024; nr++) ask(nr, args)
    for (const nr of beyond) ask(nr, args)
  }), { numRuns: 100 })
})

test('filter and profile agree on calls whose rules are about arguments', () => {
  const rules = fc.array(fc.record({ names: fc.constant(['getppid']), action, errnoRet: fc.nat({ max: 3 }), args: fc.array(condition, { minLength: 1, maxLength: 4 }) }), { minLength: 1, maxLength: 6 })
  const one = rules.map((syscalls): Seccomp => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }))
  fc.assert(fc.property(one.chain((p) => fc.tuple(fc.constant(p), fc.array(near(p), { minLength: 20, maxLength: 20 }))), fc.constantFrom(...MACHINES), ([p, all], machine) => {
    const ask = agreed(p, machine)
    for (const args of all) ask(syscallNumbers(machine).get('getppid') ?? 0, args)
  }), { numRuns: 500 })
})

test('every comparison is of 64 bits without a sign', () => {
  const compare: Readonly<Record<Operator, (a: bigint, b: bigint) => boolean>> = {
    SCMP_CMP_NE: (a, b) => a !== b, SCMP_CMP_LT: (a, b) => a < b, SCMP_CMP_LE: (a, b) => a <= b, SCMP_CMP_EQ: (a, b) => a === b,
    SCMP_CMP_GE: (a, b) => a >= b, SCMP_CMP_GT: (a, b) => a > b, SCMP_CMP_MASKED_EQ: (a, b) => (a & b) === (2n ** 32n & b),
  }
  for (const op of OPERATORS) {
    for (const value of edges) {
      const p: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 3, op, value, valueTwo: 2n ** 32n }] }] }
      const ask = agreed(p, 'x64')
      for (const arg of edges) {
        assert.is(ask(0, [0n, 0n, 0n, arg]) === ACTIONS.SCMP_ACT_ALLOW, compare[op](arg, value), `${arg} ${op} ${value}`)
      }
    }
  }
})

test('each action is the kernel\'s number, with its errno where it has one', () => {
  const numbers: Readonly<Record<Action, number>> = {
    SCMP_ACT_KILL: 0, SCMP_ACT_KILL_THREAD: 0, SCMP_ACT_KILL_PROCESS: 0x80000000, SCMP_ACT_TRAP: 0x30000, SCMP_ACT_ERRNO: 0x50007,
    SCMP_ACT_TRACE: 0x7ff00007, SCMP_ACT_LOG: 0x7ffc0000, SCMP_ACT_ALLOW: 0x7fff0000,
  }
  for (const [name, number] of Object.entries(numbers)) {
    const action = name as Action
    assert.is(both({ defaultAction: 'SCMP_ACT_TRAP', syscalls: [{ names: ['read'], action, errnoRet: 7 }] }, 'x64', 0), number, name)
  }
  assert.is(verdict('SCMP_ACT_ERRNO'), EPERM)
})

test('calls of another architecture end the process, whatever the profile says', () => {
  for (const machine of MACHINES) {
    const p: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' }
    for (const arch of [0x40000003 /* i386 */, 0x40000028 /* arm */, ARCHITECTURES[machine === 'x64' ? 'arm64' : 'x64'].audit, 0]) {
      const request = { arch, nr: 0, args: [] }
      assert.is(simulate(compile(p, machine), request), KILL)
      assert.is(decide(p, machine)(request), KILL)
    }
  }
})

test('x32 calls do not exist, even where all is allowed', () => {
  assert.is(both({ defaultAction: 'SCMP_ACT_ALLOW' }, 'x64', X32_BIT + 1), ENOSYS)
  assert.is(both({ defaultAction: 'SCMP_ACT_ALLOW' }, 'x64', X32_BIT - 1), ACTIONS.SCMP_ACT_ALLOW)
})

test('calls newer than the profile do not exist, so that programs fall back; unless unnamed calls are let through', () => {
  const syscalls = [{ names: ['openat2'], action: 'SCMP_ACT_TRAP' }] as const
  for (const machine of MACHINES) {
    for (const defaultAction of ['SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS'] as const) {
      const p: Seccomp = { defaultAction, syscalls }
      assert.equal([436, 437, 438, 100_000].map((nr) => both(p, machine, nr)), [verdict(defaultAction), ACTIONS.SCMP_ACT_TRAP, ENOSYS, ENOSYS])
    }
    for (const defaultAction of ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'] as const) {
      assert.is(both({ defaultAction, syscalls }, machine, 438), verdict(defaultAction))
    }
    assert.is(both({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['chown32'], action: 'SCMP_ACT_ALLOW' }] }, machine, 438), EPERM)
  }
})

/** Rules of [errno, conditions] on one call, and what libseccomp 2.5.4 made of them: [arguments, errno]. */
const CONFLICTS: readonly (readonly [what: string, rules: readonly (readonly [number, readonly Condition[]])[], answers: readonly (readonly [readonly bigint[], number])[]])[] = [
  ['a rule without conditions covers those with', [[5, [eq(0, 5)]], [6, []]], [[[5n], 6], [[6n], 6]]],
  ['EQ before GT', [[6, [{ index: 0, op: 'SCMP_CMP_GT', value: 3 }]], [5, [eq(0, 5)]]], [[[5n], 5], [[6n], 6], [[3n], 1]]],
  ['NE before GT', [[6, [{ index: 0, op: 'SCMP_CMP_GT', value: 3 }]], [5, [{ index: 0, op: 'SCMP_CMP_NE', value: 9 }]]], [[[5n], 5], [[9n], 6], [[1n], 5]]],
  ['LT before GT', [[6, [{ index: 0, op: 'SCMP_CMP_GT', value: 3 }]], [5, [{ index: 0, op: 'SCMP_CMP_LT', value: 9 }]]], [[[5n], 5], [[9n], 6], [[1n], 5]]],
  ['LE before GE', [[6, [{ index: 0, op: 'SCMP_CMP_GE', value: 3 }]], [5, [{ index: 0, op: 'SCMP_CMP_LE', value: 9 }]]], [[[5n], 5], [[10n], 6], [[1n], 5]]],
  ['of upper limits the lower first', [[6, [{ index: 0, op: 'SCMP_CMP_LT', value: 5 }]], [5, [{ index: 0, op: 'SCMP_CMP_LE', value: 3 }]]], [[[3n], 5], [[4n], 6]]],
  ['of lower limits the higher first', [[5, [{ index: 0, op: 'SCMP_CMP_GT', value: 3 }]], [6, [{ index: 0, op: 'SCMP_CMP_GT', value: 7 }]]], [[[5n], 5], [[9n], 6]]],
  ['the later argument first', [[5, [eq(0, 5)]], [6, [eq(1, 1)]]], [[[5n, 1n], 6], [[5n, 0n], 5], [[6n, 1n], 6]]],
  ['the later argument covers', [[5, [eq(1, 1)]], [6, [eq(0, 5), eq(1, 1)]]], [[[5n, 1n], 5], [[5n, 0n], 1], [[6n, 1n], 5]]],
]

test('conflicting rules count as libseccomp counts them, wherever they stand', () => {
  for (const [what, rules, answers] of CONFLICTS) {
    for (const order of [rules, rules.toReversed()]) {
      const p: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: order.map(([errnoRet, args]) => ({ names: ['getpid'], action: 'SCMP_ACT_ERRNO', errnoRet, args })) }
      for (const machine of MACHINES) {
        const nr = syscallNumbers(machine).get('getpid') ?? 0
        for (const [args, errno] of answers) assert.is(both(p, machine, nr, args), verdict('SCMP_ACT_ERRNO', errno), `${what}: ${args.join()}`)
      }
    }
  }
})

test('of two limits with the same value the first counts, as libseccomp 2.5.4 has it', () => {
  for (const [ops, arg] of [[['SCMP_CMP_LT', 'SCMP_CMP_LE'], 2n], [['SCMP_CMP_GE', 'SCMP_CMP_GT'], 12n]] as const) {
    for (const order of [ops, ops.toReversed()]) {
      const syscalls = order.map((op, i): Rule => ({ names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 10 + i, args: [{ index: 0, op, value: 5 }] }))
      assert.is(both({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }, 'x64', 0, [arg]), verdict('SCMP_ACT_ERRNO', 10), order.join())
    }
  }
})

test('of two rules without conditions the first counts, and one with the default action says nothing', () => {
  const rules = (...errnos: number[]): Seccomp =>
    ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: errnos.map((errnoRet) => ({ names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet })) })
  assert.is(both(rules(5, 6), 'x64', 0), verdict('SCMP_ACT_ERRNO', 5))
  assert.is(both(rules(1, 6), 'x64', 0), verdict('SCMP_ACT_ERRNO', 6))
})

test('conditions of one rule must all hold; but if two are about one argument, any of all will do, as runc has it', () => {
  const allowed = (args: Condition[], given: bigint[]): boolean =>
    both({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args }] }, 'x64', 0, given) === ACTIONS.SCMP_ACT_ALLOW
  assert.equal([[1n, 2n], [1n, 3n], [0n, 2n]].map((given) => allowed([eq(0, 1), eq(1, 2)], given)), [true, false, false])
  assert.equal([[1n, 9n], [2n, 9n], [0n, 3n], [0n, 0n]].map((given) => allowed([eq(0, 1), eq(0, 2), eq(1, 3)], given)), [true, true, true, false])
})

/** More cases than a conditional jump reaches, about one call in the middle of others. */
const long = (cases: number): Seccomp => ({
  defaultAction: 'SCMP_ACT_ERRNO', syscalls: [
    { names: NAMES.filter((_, i) => i % 2 === 0), action: 'SCMP_ACT_ALLOW' },
    ...Array.from({ length: cases }, (_, i): Rule => ({ names: ['write', 'getppid'], action: 'SCMP_ACT_ERRNO', errnoRet: 2 + i % 4000, args: [eq(0, i * 2 ** 32 + i)] })),
  ],
})

test('a filter that is longer than a jump goes on to its end', () => {
  const p = long(300)
  const program = compile(p, 'x64')
  assert.ok(program.length > 2000 && program.some(({ code }) => code === 0x05), `${program.length} instructions`)
  const ask = agreed(p, 'x64')
  for (let nr = 0; nr < 500; nr++) for (const i of [0, 1, 150, 299, 300]) ask(nr, [BigInt(i) * (2n ** 32n + 1n)])
})

test('a jump of 255 and one of 256 both arrive', () => {
  for (const between of [252, 253, 254, 255, 256, 257, 511, 512, 513]) {
    const far: Node = { load: { at: 0 }, test: 'jeq', k: 7, yes: { verdict: 7 }, no: { verdict: 8 } }
    let chain: Node = far
    for (let i = 0; i < between; i++) chain = { test: 'jeq', k: i + 100, yes: { verdict: i + 100 }, no: chain }
    const program = assemble({ load: { at: 0 }, test: 'jge', k: 50, yes: chain, no: far })
    for (const nr of [7, 8, 100, 99 + between, 100 + between]) {
      assert.is(simulate(program, { arch: 0, nr, args: [] }), nr === 7 ? 7 : nr >= 100 && nr < 100 + between ? nr : 8, `${between}: ${nr}`)
    }
  }
})

test('a profile that is too long for the kernel is refused in one line', () => {
  for (const cases of [1000, 100_000]) {
    assert.throws(() => compile(long(cases), 'x64'), new RegExp(`^seccomp: expected a profile that makes at most ${PROGRAM_MAX} instructions, the kernel's limit, got more$`))
  }
})

test('instructions become 8 bytes each', () => {
  assert.is(toBytes([{ code: 0x15, jt: 1, jf: 2, k: 0xc000003e }, { code: 0x06, jt: 0, jf: 0, k: EPERM }]).toString('hex'), '150001023e0000c00600000001000500')
})

test('the simulator guesses nothing', () => {
  const run = (...program: Instruction[]) => () => simulate(program, { arch: 0, nr: 0, args: [] })
  const at = (code: number, k: number): Instruction => ({ code, jt: 0, jf: 0, k })
  assert.throws(run(at(0x20, 64)), /^filter: instruction 0: expected an aligned offset/)
  assert.throws(run(at(0x20, 2)), /^filter: instruction 0: expected an aligned offset/)
  assert.throws(run(at(0x05, 1)), /^filter: instruction 2: expected an instruction$/)
  assert.throws(run(at(0x99, 0)), /^filter: instruction 0: expected an instruction that filters use$/)
})

test('the same answer for neighbours is one range: the default profile stays small', () => {
  for (const machine of MACHINES) {
    const { length } = compile(parseProfile(DEFAULT_PROFILE, { machine, capabilities: [], kernel: '6.1' }), machine)
    assert.ok(length < 256, `${machine}: ${length} instructions`)
  }
})

test.run()
