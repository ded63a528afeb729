// What a process gives up before it makes a container: everything that it has of its caller.
//
//   [...giveUpFiles([4, exe]), ...giveUpMemory({ arena: arena.range, exe })]
//     → steps; behind them the process has its arena and its descriptor 4, and nothing else
//
// The container begins as a copy of the process that makes it. Until it executes its program, others in its PID namespace
// could look through /proc at what it was copied from: node's binary, its memory, its open files (CVE-2019-5736,
// CVE-2024-21626). So these are gone before it is made.
// Invariant: none of these steps needs what an earlier one gave up. They use neither stack nor libc, as all lists.
import { readFileSync } from 'node:fs'
import {
  addSeals, close, closeRange, hideProcess, LAST_FD, memfd_create, munmap, setExecutable, setProcessName,
} from '../data/calls.ts'
import {
  F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, MFD_ALLOW_SEALING, MFD_CLOEXEC, RSEQ_FLAG_UNREGISTER,
} from '../data/constants.ts'
import { because, mayFail, type Syscall } from '../data/syscall.ts'
import { paramsOf } from '../data/table.ts'
import { machine, type Range } from './arena.ts'
import { call, scratchArena } from './call.ts'
import { encode } from '../machine/encode.ts'
import { symbol } from './ffi.ts'

/** @param keep the descriptors that later steps use by number, beside 0, 1 and 2 */
export function giveUpFiles(keep: readonly number[]): Syscall[] {
  const sorted = [2, ...keep.toSorted((a, b) => a - b), LAST_FD + 1]
  return sorted.slice(1).flatMap((fd, i) => {
    const [first, last] = [(sorted[i] ?? 0) + 1, fd - 1]
    return first <= last ? [because('the caller\'s descriptors', closeRange(first, last))] : []
  })
}

/**
 * @param arena the memory to stand on
 * @param exe what the process then says it executes, see emptyExecutable()
 */
export function giveUpMemory({ arena, exe }: { readonly arena: Range; readonly exe: number }): Syscall[] {
  return [
    setProcessName('pocker'),
    ...forgetRseq(),
    because('the caller\'s memory, below', munmap(0n, arena.start)),
    because('and above', munmap(arena.end, topOfMemory() - arena.end)),
    because('/proc/PID/exe is not the caller\'s program', setExecutable(arena.start, exe)),
    close(exe),
  ]
}

/** Whoever is not stronger than the process cannot look into it: not at its root, and not at its descriptors. */
export const hidden = (): Syscall => because('until it executes, nobody may look into it', hideProcess())

/** @returns the descriptors above 2 that the steps use by number, those of the caller's that are to stay */
export function descriptorsIn(steps: readonly Syscall[]): number[] {
  const used = steps.flatMap((step) =>
    paramsOf(step).flatMap(({ kind }, i) => (kind.is === 'fd' && typeof step.args[i] === 'number' ? [step.args[i]] : [])))
  return [...new Set(used)].filter((fd) => fd > 2)
}

/** @returns a descriptor of a file in memory, empty and sealed; whoever asked closes it */
export function emptyExecutable(): number {
  const exe = Number(call(memfd_create('pocker', MFD_CLOEXEC | MFD_ALLOW_SEALING)).value)
  call(addSeals(exe, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
  return exe
}

let top: bigint | undefined
/** The end of the highest mapping, the stack's or the vdso's: it stays where it is, and what is mapped later lies below. */
function topOfMemory(): bigint {
  if (top === undefined) {
    const maps = readFileSync('/proc/self/maps', 'utf8').trimEnd().split('\n').filter((line) => !line.endsWith('[vsyscall]'))
    top = BigInt(`0x${/^[0-9a-f]+-([0-9a-f]+)/.exec(maps.at(-1) ?? '')?.[1] ?? '0'}`)
  }
  return top
}

/** RSEQ_SIG, <asm/rseq.h> */
const RSEQ_SIGNATURE = { x64: 0x5305_3053, arm64: 0xd428_bc00 }
/** The C library registers so many bytes, or what the kernel says in AT_RSEQ_FEATURE_SIZE if that is more. */
const RSEQ_SIZE = 32
const AT_RSEQ_FEATURE_SIZE = 27

/**
 * glibc ≥ 2.35 has told the kernel of an area in its thread-local storage. The kernel writes there whenever the process is
 * scheduled, and kills it if the memory is gone.
 */
function forgetRseq(): Syscall[] {
  const area = rseqArea()
  if (area === undefined) return []
  return [...new Set([RSEQ_SIZE, rseqFeatureSize()])].map((size): Syscall =>
    because('the C library\'s area, which goes with the memory',
      mayFail({ call: 'rseq', args: [area, size, RSEQ_FLAG_UNREGISTER, RSEQ_SIGNATURE[machine()]] }, 'EINVAL')))
}

/** @returns its address; undefined if the C library is older, and knows nothing of it */
function rseqArea(): bigint | undefined {
  const offset = symbol('__rseq_offset')
  const threadPointer = scratchArena(encode([], machine())).threadPointer()
  return offset && threadPointer + offset.readBigInt64LE()
}

function rseqFeatureSize(): number {
  const auxv = readFileSync('/proc/self/auxv')
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === BigInt(AT_RSEQ_FEATURE_SIZE)) return Math.max(RSEQ_SIZE, Number(auxv.readBigUInt64LE(at + 8)))
  }
  return RSEQ_SIZE
}
