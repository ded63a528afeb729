// The kernel's half of a filter, in TypeScript: runs classic BPF over struct seccomp_data.
//
//   simulate(compile(profile, 'x64'), { arch: 0xc000003e, nr: 165, args: [] })   → 0x00050001
//
// Invariant: it takes what the kernel takes, and no more: an unknown instruction, a jump out of the program, an offset that
// is not aligned or not in the structure are errors, never guesses.
import { SpecError } from '@pocker/syscalls'
import { BPF, type Instruction } from './assemble.ts'
import { SECCOMP_DATA } from './compile.ts'
import type { Request } from './decide.ts'

/** @returns SECCOMP_RET_* with its data */
export function simulate(program: readonly Instruction[], request: Request): number {
  const data = seccompData(request)
  let accumulator = 0
  for (let at = 0; ;) {
    const { code, jt, jf, k } = program[at] ?? fault(at, 'an instruction')
    const leap = (condition: boolean): number => (condition ? jt : jf)
    at += 1
    switch (code) {
      case BPF.ld:
        if (k % 4 !== 0 || k >= SECCOMP_DATA.size) fault(at - 1, 'an aligned offset in struct seccomp_data')
        accumulator = data.readUInt32LE(k)
        break
      case BPF.and: accumulator = (accumulator & k) >>> 0; break
      case BPF.ja: at += k; break
      case BPF.jeq: at += leap(accumulator === k); break
      case BPF.jgt: at += leap(accumulator > k); break
      case BPF.jge: at += leap(accumulator >= k); break
      case BPF.ret: return k
      default: fault(at - 1, 'an instruction that filters use')
    }
  }
}

function seccompData({ arch, nr, args }: Request): Buffer {
  const data = Buffer.alloc(SECCOMP_DATA.size)
  data.writeUInt32LE(nr, SECCOMP_DATA.nr)
  data.writeUInt32LE(arch, SECCOMP_DATA.arch)
  args.forEach((arg, i) => data.writeBigUInt64LE(arg, SECCOMP_DATA.args + 8 * i))
  return data
}

function fault(at: number, expected: string): never {
  throw new SpecError(`filter: instruction ${at}: expected ${expected}`)
}
