// A container on its way: what its creator does while it is made.
//
//   const birth = new Birth(plan, { stays: true })
//   birth.reported()     → it is there; false: it has ended, see failure()
//   birth.work()         → its maps are written
//   birth.go()           → it goes on to the next gate
//   birth.executed()     → the program runs; or a StartError
//
// Invariant: whoever gives up calls abandon(), which leaves no process; whoever is killed leaves none either, for a gate that
// nobody holds open ends the container.
import { closeSync } from 'node:fs'
import {
  Arena, CLONE_CLEAR_SIGHAND, clone3, CODE_SIZE, emptyExecutable, encode, ended, endedSync, failedStep, formatCall, machine,
  parseStatus, Pipe, StartError, startError, withGroup, workBeside, type Exit, type Image, type Plan, type Result, type Step,
  type Syscall,
} from '@pocker/syscalls'
import { monitor, type Place } from './monitor.ts'

export interface BirthOptions {
  readonly stays: boolean
  /** Descriptors by the names that the plan has for them: `start`, `status`, `console`. They stay the caller's to close. */
  readonly given?: Readonly<Record<string, number>>
  readonly held?: readonly number[]
  readonly passed?: readonly number[]
  /** Where the container reports, if it is not a pipe of our own. */
  readonly report?: { readonly reader: number; readonly writer: number }
  /** A file in which the list is kept, so that others can read what became of it. */
  readonly file?: number
}

/** A step of the program, and where its result will be. */
interface Late { readonly at: number; readonly call: string; readonly name: string; readonly path: string; readonly why: string }

/** The steps of which the results are still to be read; and the part of the file that is the container's alone. */
export interface Rest {
  readonly steps: readonly Late[]
  readonly from: number
  readonly to: number
}

export class Birth {
  readonly plan: Plan
  readonly monitor: number
  readonly arena: Arena
  readonly #go = new Pipe()
  readonly #report: Pipe

  /** @throws {StartError} if the kernel refused the clone; nothing is left then */
  constructor(plan: Plan, { stays, given = {}, held = [], passed = [], report, file }: BirthOptions) {
    this.plan = plan
    this.#report = new Pipe(report)
    const exe = emptyExecutable()
    const hiddenLate = process.geteuid?.() !== 0 && plan.beside.length > 0
    try {
      [this.arena, this.monitor] = withGroup(plan, (group) => {
        const numbers = { ...given, ...group, go: this.#go.reader, report: this.#report.writer }
        const place = (arena: Place['arena']): Place => ({ arena, exe, given: numbers, held, passed, stays, hiddenLate })
        const arena = loaded((range) => encode(monitor(plan, place(range)), machine(), numbers), file)
        return [arena, arena.clone(CLONE_CLEAR_SIGHAND)]
      })
    } catch (error) {
      this.#go.close()
      this.#report.close()
      throw error
    } finally {
      closeSync(exe)
    }
    this.#go.close(this.#go.reader)
    this.#report.close(this.#report.writer)
    if (this.monitor > 0) return
    this.free()
    throw new StartError(formatCall(clone3(CLONE_CLEAR_SIGHAND, [])), -this.monitor, { by: 'clone' })
  }

  /** Of the container, once it has been reported. */
  get pid(): number {
    return Number(this.#result('container')?.value ?? 0)
  }

  /** Waits until the container is at its next gate. @returns false if it has ended instead */
  reported(): boolean {
    return this.#report.waitSync()
  }

  /** What only its creator can do for it: its maps, for example. */
  work(): void {
    workBeside(this.plan, this.pid)
  }

  go(): void {
    this.#go.signal()
  }

  /** Waits until the program has been executed. @throws {StartError} if it has not */
  executed(): void {
    while (this.reported());
    const failed = this.failure()
    if (failed) throw failed
  }

  /** @returns the step at which it ended, if one of them failed */
  failure(): StartError | undefined {
    const results = this.#results()
    return failedStep(results) && startError(results)
  }

  /** For whoever reads the file of the list later. */
  rest(): Rest {
    const placed = this.arena.placed()
    const own = new Set<Syscall>(this.plan.child)
    const first = placed.find(({ call }) => own.has(call))?.at ?? 0
    const behind = placed.find(({ call }) => call.as === 'end')?.outs[0]?.at ?? first
    return {
      steps: placed.filter(({ call }) => (call as Step).by === 'command').map(({ at, call }) =>
        ({ at, call: formatCall(call), name: call.call, path: String(call.args[0]), why: call.why ?? '' })),
      from: roundUp(first), to: behind - (behind % CODE_SIZE),
    }
  }

  /** How the container ended: the monitor ends behind it, and leaves what it was told in its list. */
  async ended(): Promise<Exit> {
    return this.#exit(await ended(this.monitor))
  }

  endedSync(): Exit {
    return this.#exit(endedSync(this.monitor))
  }

  /** Ends what is there of it. */
  abandon(): void {
    this.#go.close()
    if (this.pid > 0) kill(this.pid)
    this.endedSync()
    this.free()
  }

  /** Our part of it; the list stays where it is. */
  free(): void {
    this.#go.close()
    this.#report.close()
    this.arena.free()
  }

  #results(): Result[] {
    return this.arena.results().filter(({ call }) => 'by' in (call as Step))
  }

  #result(name: string): Result | undefined {
    return this.arena.results().find(({ call }) => call.as === name)
  }

  #exit(monitor: Exit): Exit {
    const end = this.#result('end')
    return end?.value === undefined ? monitor : parseStatus(end.outs[0]?.readInt32LE(0) ?? 0)
  }
}

const roundUp = (at: number): number => Math.ceil(at / CODE_SIZE) * CODE_SIZE

/** Room for most lists; what is never touched takes no memory. */
const ROOM = 512 * 1024

/** The list holds addresses of the arena in which it will lie. */
function loaded(image: (arena: Place['arena']) => Image, file: number | undefined): Arena {
  for (let size = ROOM; ; size *= 2) {
    const arena = new Arena(encode([], machine()), { size, ...(file !== undefined && { file }) })
    if (arena.load(image(arena.range))) return arena
    arena.free()
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
