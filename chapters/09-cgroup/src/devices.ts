// Which devices a group may use. Version 1 has files for that; version 2 asks a small program, which is data too.
//
//   devices(group, DEFAULT_DEVICES)   → the isolation
//   program(rules)                    → eBPF instructions, which the kernel runs at every open and mknod of a device
//
// Invariant: what no rule allows is denied. The last rule that matches decides, as in the OCI runtime spec.
import {
  because, bpfAttach, bpfLoad, close, dup3, O_CLOEXEC, O_RDONLY, open, SpecError, type Isolation, type Syscall,
} from '@pocker/syscalls'
import { join } from 'node:path'
import { writeTo, type Group } from './files.ts'

/** `type` is c, b, or a for both; a number that is missing stands for all. @see config-linux.md, "Allowed Device list" */
export interface DeviceRule {
  readonly allow: boolean
  readonly type?: 'a' | 'b' | 'c'
  readonly major?: number
  readonly minor?: number
  /** Of r, w and m (mknod); all of them if it is not said. */
  readonly access?: string
}

const char = (major: number, minor?: number): DeviceRule =>
  ({ allow: true, type: 'c', major, ...(minor !== undefined && { minor }), access: 'rwm' })

/** Docker's: any node may be made, and these few be used. */
export const DEFAULT_DEVICES: readonly DeviceRule[] = [
  { allow: false },
  { allow: true, type: 'c', access: 'm' }, { allow: true, type: 'b', access: 'm' },
  char(1, 3), char(1, 5), char(1, 7), char(1, 8), char(1, 9), char(5, 0), char(5, 1), char(5, 2), char(136),
]

/** In version 2, the program is attached by the `child`; of a user namespace, which has no right to, by the process `between`. */
export type AttachedBy = 'child' | 'between'

/** @throws {SpecError} if a rule is none, or the machine has no way to enforce any */
// region devices
export function devices(group: Group, rules: readonly DeviceRule[], attachedBy: AttachedBy = 'child'): Isolation {
  rules.forEach(check)
  const { tree: { v1, unified }, path } = group
  if (v1['devices'] !== undefined) {
    const directory = join(v1['devices'], path)
    const lines = rules.flatMap((rule) => writeTo(join(directory, `devices.${rule.allow ? 'allow' : 'deny'}`), line(rule)))
    return { name: 'devices', needs: [{ name: 'devices', make: lines, undo: [] }] }
  }
  if (!unified) throw new SpecError('devices: expected cgroups to enforce them, and there are none')
  const steps = attach(join(unified, path), program(rules))
  return attachedBy === 'child' ? { name: 'devices', child: steps } : { name: 'devices', before: steps }
}
// endregion

function check({ type = 'a', major, minor, access = 'rwm' }: DeviceRule, index: number): void {
  const number = (value: number | undefined): boolean => value === undefined || (Number.isSafeInteger(value) && value >= 0)
  if (/^[rwm]{1,3}$/.test(access) && ['a', 'b', 'c'].includes(type) && number(major) && number(minor)) return
  const expected = 'a type a, b or c, numbers, and an access of r, w, m'
  throw new SpecError(`devices[${index}]: expected ${expected}, got ${type} ${major}:${minor} ${access}`)
}

/** As version 1 takes it: `c 1:3 rwm`, with `*` for any number. */
function line({ type = 'a', major, minor, access = 'rwm' }: DeviceRule): string {
  return type === 'a' ? 'a' : `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`
}

/** Numbers that no other step of a plan's uses: the two must be known when the call is written down. */
const [GROUP_FD, PROGRAM_FD] = [1000, 1001]

// region attach
function attach(directory: string, instructions: Buffer): Syscall[] {
  const [group, loaded] = [{ resultOf: 'device group' }, { resultOf: 'device program' }]
  return [
    { ...open(directory, O_RDONLY | O_CLOEXEC), as: group.resultOf },
    dup3(group, GROUP_FD, O_CLOEXEC), close(group),
    { ...because('the kernel proves that it ends, and touches nothing', bpfLoad(instructions)), as: loaded.resultOf },
    dup3(loaded, PROGRAM_FD, O_CLOEXEC), close(loaded),
    because('asked from now on', bpfAttach(GROUP_FD, PROGRAM_FD)),
    close(PROGRAM_FD), close(GROUP_FD),
  ]
}
// endregion

/** <linux/bpf_common.h>, <linux/bpf.h>: a class, an operation and where the operand is. */
const LDX_W = 0x61, AND_K = 0x54, RSH_K = 0x74, MOV_K = 0xb7, MOV32_X = 0xbc, JNE_K = 0x55, JEQ_K = 0x15, EXIT = 0x95
/** BPF_DEVCG_DEV_* and BPF_DEVCG_ACC_* */
const TYPES = { b: 1, c: 2 } as const
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 }
const ALL_ACCESS = Object.keys(ACCESS).length
/** Registers: 0 the answer, 1 the context; the rest as this program uses them. */
const [ANSWER, CONTEXT, TYPE, WANTED, MAJOR, MINOR, SCRATCH] = [0, 1, 2, 3, 4, 5, 6]
const SIZE = 8

function instruction(code: number, destination = 0, source = 0, offset = 0, immediate = 0): Buffer {
  const bytes = Buffer.alloc(SIZE)
  bytes.writeUInt8(code, 0)
  bytes.writeUInt8((source << 4) | destination, 1)
  bytes.writeInt16LE(offset, 2)
  bytes.writeInt32LE(immediate, 4)
  return bytes
}

/** @returns struct bpf_insn[] for struct bpf_cgroup_dev_ctx: { access << 16 | type, major, minor } */
// region program
export function program(rules: readonly DeviceRule[]): Buffer {
  return Buffer.concat([
    instruction(LDX_W, TYPE, CONTEXT, 0), instruction(AND_K, TYPE, 0, 0, 0xffff),
    instruction(LDX_W, WANTED, CONTEXT, 0), instruction(RSH_K, WANTED, 0, 0, 16),
    instruction(LDX_W, MAJOR, CONTEXT, 4), instruction(LDX_W, MINOR, CONTEXT, 8),
    ...reachable(rules.toReversed()).flatMap(ruleCode),
  ])
}
// endregion

/** What stands behind a rule that always matches is never asked, and the kernel refuses code that nothing leads to. */
function reachable(rules: readonly DeviceRule[]): readonly DeviceRule[] {
  const last = rules.findIndex(({ type = 'a', major, minor, access = 'rwm' }) =>
    type === 'a' && major === undefined && minor === undefined && access.length === ALL_ACCESS)
  return last < 0 ? [...rules, { allow: false }] : rules.slice(0, last + 1)
}

/** Each rule is a block: it answers, or jumps behind itself to the next. */
function ruleCode({ allow, type = 'a', major, minor, access = 'rwm' }: DeviceRule): Buffer[] {
  const bits = [...access].reduce((all, letter) => all | (ACCESS[letter] ?? 0), 0)
  const [allBits, answer] = [7, [instruction(MOV_K, ANSWER, 0, 0, allow ? 1 : 0), instruction(EXIT)]]
  const tests: ((skip: number) => Buffer)[][] = [
    ...(type === 'a' ? [] : [[(skip: number) => instruction(JNE_K, TYPE, 0, skip, TYPES[type])]]),
    // Allowed only if it is no more than the rule allows; denied if it is any of what the rule denies.
    ...(bits === allBits ? [] : [[
      () => instruction(MOV32_X, SCRATCH, WANTED),
      () => instruction(AND_K, SCRATCH, 0, 0, allow ? ~bits & allBits : bits),
      (skip: number) => instruction(allow ? JNE_K : JEQ_K, SCRATCH, 0, skip, 0),
    ]]),
    ...(major === undefined ? [] : [[(skip: number) => instruction(JNE_K, MAJOR, 0, skip, major)]]),
    ...(minor === undefined ? [] : [[(skip: number) => instruction(JNE_K, MINOR, 0, skip, minor)]]),
  ]
  const code = tests.flat()
  return [...code.map((make, i) => make(code.length - 1 - i + answer.length)), ...answer]
}
