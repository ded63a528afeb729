// From a decision tree to a program in classic BPF, the kernel's language for filters: one accumulator, jumps only forward.
//
//   assemble({ load: { at: 4 }, test: 'jeq', k: 0xc000003e, yes, no })   → [{ code: 0x20, jt: 0, jf: 0, k: 4 }, …]
//   toBytes(program)                                                    → struct sock_filter[]
//
// A jump knows its distance only when what it leaps over is there. So the program is built from its end.
// Invariant: a conditional jump reaches 255 instructions; what lies further gets a stop on the way.
// @see https://docs.kernel.org/networking/filter.html, <linux/bpf_common.h>
import { SpecError } from '@pocker/syscalls'

/** struct sock_filter: what to do, how many instructions to leap over if so and if not, and a constant. */
export interface Instruction { readonly code: number; readonly jt: number; readonly jf: number; readonly k: number }

/** 32 bits at this offset of struct seccomp_data, and of those only the bits under the mask. */
export interface Load { readonly at: number; readonly mask?: number }

export interface Return { readonly verdict: number }
export interface Branch {
  /** Without it, what was loaded before. */
  readonly load?: Load
  readonly test: 'jeq' | 'jgt' | 'jge'
  readonly k: number
  readonly yes: Node
  readonly no: Node
}
/** A node may have several parents: it is emitted once. */
export type Node = Return | Branch

/** BPF_LD|BPF_W|BPF_ABS and so on. */
export const BPF = { ld: 0x20, and: 0x54, ja: 0x05, jeq: 0x15, jgt: 0x25, jge: 0x35, ret: 0x06 } as const

/** BPF_MAXINSNS: the kernel takes no more. */
export const PROGRAM_MAX = 4096
const JUMP_MAX = 255

/** @throws {SpecError} if the program has more than 4096 instructions. Goes as deep as the tree. */
// region assemble
export function assemble(root: Node): Instruction[] {
  const backwards: Instruction[] = []
  const placed = new Map<Node, number>()
  const push = (code: number, k: number, jt = 0, jf = 0): number => backwards.push({ code, jt, jf, k: k >>> 0 }) - 1
  const distance = (target: number): number => backwards.length - target - 1

  /** One further instruction may come between a stop and the jump. */
  const within = (target: number): number => {
    if (distance(target) < JUMP_MAX) return target
    const end = backwards[target]
    return end?.code === BPF.ret ? push(BPF.ret, end.k) : push(BPF.ja, distance(target))
  }

  const place = (node: Node): number => {
    const at = placed.get(node) ?? ('verdict' in node ? push(BPF.ret, node.verdict) : branch(node))
    placed.set(node, at)
    return at
  }

  const branch = ({ load, test, k, yes, no }: Branch): number => {
    const targets = [place(no), place(yes)]
    const [jf = 0, jt = 0] = targets.map(within).map(distance)
    const jump = push(BPF[test], k, jt, jf)
    if (!load) return jump
    if (load.mask !== undefined) push(BPF.and, load.mask)
    return push(BPF.ld, load.at)
  }

  place(root)
  if (backwards.length > PROGRAM_MAX) throw tooLong()
  return backwards.toReversed()
}
// endregion

export const tooLong = (): SpecError =>
  new SpecError(`seccomp: expected a profile that makes at most ${PROGRAM_MAX} instructions, the kernel's limit, got more`)

/** @returns 8 bytes each, as both machines have them in memory */
export function toBytes(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * program.length)
  program.forEach(({ code, jt, jf, k }, i) => {
    bytes.writeUInt16LE(code, 8 * i)
    bytes.writeUInt8(jt, 8 * i + 2)
    bytes.writeUInt8(jf, 8 * i + 3)
    bytes.writeUInt32LE(k, 8 * i + 4)
  })
  return bytes
}
