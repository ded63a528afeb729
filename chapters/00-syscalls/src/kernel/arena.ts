// The arena: the one mapping that parent and child share. Page 0 holds the code, the rest the steps and their data.
//
//   const arena = new Arena(image)       → mapped and filled
//   arena.runHere()                      → run the list in this process
//   arena.clone(flags)                   → make a process that runs it
//   arena.results()                      → what the kernel answered, step by step
//
// Invariant: no page is ever writable and executable. The mapping is MAP_SHARED, so a child's results are seen here even
// if it has a copy of all other memory.
import { ftruncateSync } from 'node:fs'
import {
  SIG, SIG_BLOCK, SIG_SETMASK, MAP_ANONYMOUS, MAP_FIXED, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE,
} from '../data/constants.ts'
import { SpecError, SyscallError } from '../errno.ts'
import { ARM64 } from '../machine/arm64.ts'
import { CODE_SIZE, NOT_RUN, STEP, type Image, type Machine, type Placed } from '../machine/encode.ts'
import type { Code } from '../machine/listing.ts'
import { X64 } from '../machine/x64.ts'
import { CLONE_ARGS, CLONE_ARGS_SIZE_VER0 } from '../data/table.ts'
import type { Syscall } from '../data/syscall.ts'
import { errno, foreign, memoryAt } from './ffi.ts'
import { rawLibc } from './libc.ts'

const MACHINES = { x64: X64, arm64: ARM64 }
const PAGE = CODE_SIZE

/** @throws {SpecError} on a processor for which there are no bytes */
export function machine(): Machine {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch
  throw new SpecError(`processor: expected x64 or arm64, got ${process.arch}`)
}

/** Memory from `start` up to, not including, `end`. */
export interface Range { readonly start: bigint; readonly end: bigint }

/** What became of one step. */
export interface Result {
  readonly call: Syscall
  /** The kernel's answer: negative is -errno; undefined if the step has not run. */
  readonly value: bigint | undefined
  /** The buffers that the kernel filled. */
  readonly outs: readonly Buffer[]
}

export class Arena {
  readonly size: number
  readonly #memory: Buffer
  readonly #base: bigint
  readonly #entries: { clone_list: Entry; run_list: Entry; thread_pointer: Entry }
  #image: Image

  /**
   * @param size bytes at least, code included
   * @param file a descriptor of an empty file that keeps the steps, from byte CODE_SIZE on: others can read their results
   */
  constructor(image: Image, { size = 0, file }: { readonly size?: number; readonly file?: number } = {}) {
    const wanted = Math.max(size, PAGE + image.bytes.length)
    this.size = Math.ceil(wanted / PAGE) * PAGE
    this.#base = rawLibc().mmap(null, this.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
    if (this.#base === -1n) throw new SyscallError('mmap', errno())
    const { code, labels } = MACHINES[machine()]
    try {
      if (file !== undefined) this.#keepIn(file)
      this.#memory = memoryAt(this.#base, this.size)
      code.copy(this.#memory)
      // The kernel cleans the instruction cache (arm64) when a page becomes executable.
      if (rawLibc().mprotect(this.#base, PAGE, PROT_READ | PROT_EXEC) === -1) throw new SyscallError('mprotect', errno())
    } catch (error) {
      this.free()
      throw error
    }
    const entry = (label: keyof Code['labels']): Entry => foreign(this.#at(labels[label] ?? 0), 'long')
    this.#entries = { clone_list: entry('clone_list'), run_list: entry('run_list'), thread_pointer: entry('thread_pointer') }
    this.#image = image
    this.load(image)
  }

  /** The steps' pages are the file's from now on; the code stays where no file system can forbid it. */
  #keepIn(file: number): void {
    ftruncateSync(file, this.size)
    const [at, protection] = [this.#base + BigInt(PAGE), PROT_READ | PROT_WRITE]
    const answer = rawLibc().mmap(at, this.size - PAGE, protection, MAP_SHARED | MAP_FIXED, file, PAGE)
    if (answer === -1n) throw new SyscallError('mmap', errno())
  }

  /** Puts another list in place of the present one, which must have ended. @returns false if there is no room for it */
  load(image: Image): boolean {
    if (PAGE + image.bytes.length > this.size) return false
    image.bytes.copy(this.#memory, PAGE)
    const words = new BigUint64Array(this.#memory.buffer, this.#memory.byteOffset, this.size / 8)
    for (const at of image.pointers) words[at / 8] = (words[at / 8] ?? 0n) + this.#base
    this.#image = image
    return true
  }

  /** @returns 0, or -errno of the step at which the list ended */
  runHere(): number {
    return Number(this.#entries.run_list(this.#at(this.#image.entry)))
  }

  /**
   * Makes a process that runs the list.
   * @param flags CLONE_*; with CLONE_VFORK this returns when the child executes or ends
   * @param cgroup a descriptor, with CLONE_INTO_CGROUP
   * @returns its pid, or -errno
   */
  clone(flags: bigint, cgroup?: number): number {
    const args = Buffer.alloc(CLONE_ARGS.size)
    const set = (field: string, value: bigint): number =>
      args.writeBigUInt64LE(value, CLONE_ARGS.fields.find(({ name }) => name === field)?.at)
    set('flags', flags)
    set('exit_signal', BigInt(SIG['SIGCHLD'] ?? 0))
    set('cgroup', BigInt(cgroup ?? 0))
    const size = cgroup === undefined ? CLONE_ARGS_SIZE_VER0 : CLONE_ARGS.size
    // A signal that arrived in the child would run a handler of the parent's on a stack that is not the child's.
    return withSignalsBlocked(() => Number(this.#entries.clone_list(args, size, this.#at(this.#image.entry))))
  }

  /** Where it lies. */
  get range(): Range {
    return { start: this.#base, end: this.#base + BigInt(this.size) }
  }

  /** The calling thread's, see x64.S. */
  threadPointer(): bigint {
    return this.#entries.thread_pointer()
  }

  /** Where each step of the present list lies. */
  placed(): readonly Placed[] {
    return this.#image.steps
  }

  /** In the order of the data. The buffers are copies. */
  results(): Result[] {
    return this.#image.steps.map((placed) => this.result(placed))
  }

  result({ call, at, outs }: Placed): Result {
    const value = this.#memory.readBigInt64LE(at + STEP.result)
    return {
      call,
      value: value === NOT_RUN ? undefined : value,
      outs: outs.map(({ at: start, size }) => Buffer.from(this.#memory.subarray(start, start + size))),
    }
  }

  /** Unmaps it; nothing may run in it any more. */
  free(): void {
    rawLibc().munmap(this.#base, this.size)
  }

  #at(offset: number): Buffer {
    return this.#memory.subarray(offset)
  }
}

type Entry = (...args: (Buffer | number)[]) => bigint

/** sizeof(sigset_t) of glibc */
const GLIBC_SIGSET = 128
const ALL_SIGNALS = Buffer.alloc(GLIBC_SIGSET, 0xff)

function withSignalsBlocked<T>(action: () => T): T {
  const old = Buffer.alloc(GLIBC_SIGSET)
  rawLibc().pthread_sigmask(SIG_BLOCK, ALL_SIGNALS, old)
  try {
    return action()
  } finally {
    rawLibc().pthread_sigmask(SIG_SETMASK, old, null)
  }
}
