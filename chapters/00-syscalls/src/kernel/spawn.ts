// From a plan to a process.
//
//   const child = spawn(plan)   → running, its program executed; or a StartError that names the step
//   await child.wait()          → { code, signal }
//
// Most plans take the fast way: the child borrows the parent's memory (CLONE_VM) while the parent stands still until the
// child has executed its program (CLONE_VFORK). A plan with work for the parent while the child waits, or for a process in
// between, takes the gated way, with a copy of the memory and two pipes.
//
// Invariant: if spawn() throws, no process and no resource is left.
import { writeFileSync } from 'node:fs'
import { clone3, close, exit_group, read, wait4, write } from '../data/calls.ts'
import { execFailure } from '../data/command.ts'
import { CLONE_CLEAR_SIGHAND, WALL } from '../data/constants.ts'
import { formatCall } from '../data/format.ts'
import { cloneFlags, isGated, type Plan, type Resource, type Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { SyscallError } from '../errno.ts'
import { encode } from '../machine/encode.ts'
import { Arena, machine, type Result } from './arena.ts'
import { callAll, failedStep, scratchArena } from './call.ts'
import { Pipe } from './pipe.ts'
import { ended, endedSync, parseStatus, type Exit } from './wait.ts'

/** What to tell about a program that could not be executed. */
type Program = ReturnType<typeof execFailure>

/** A container that did not start. */
export class StartError extends SyscallError {
  override readonly name = 'StartError'
  /** The isolation whose step failed: `uts`, `command`, `clone`. */
  readonly by: string
  /** What a shell would answer: 126 or 127 if the program was at fault, otherwise 125, as Docker has it. */
  readonly exitCode: number

  constructor(call: string, errno: number, { by, why, program }: { by: string; why?: string | undefined; program?: Program }) {
    super(call, errno)
    if (why !== undefined) this.message += `: ${why}`
    this.by = by
    this.exitCode = program?.exitCode ?? 125
    if (program) this.message = program.message
  }
}

export interface Child {
  /** As the parent's PID namespace numbers it. */
  readonly pid: number
  /** Resolves when it has ended, after its resources were taken back. */
  wait(): Promise<Exit>
  /** The same, blocking this thread. */
  waitSync(): Exit
  /** Before wait() has answered, the number cannot belong to another process. */
  kill(signal: NodeJS.Signals): void
}

/**
 * Starts a container.
 * @throws {StartError} if the kernel refused a step
 * @throws {SpecError} if a step is not what the table of system calls says
 */
export function spawn(plan: Plan): Child {
  const undo = make(plan.needs)
  try {
    return isGated(plan) ? spawnGated(plan, undo) : spawnFast(plan, undo)
  } catch (error) {
    undo()
    throw error
  }
}

// region spawnFast
function spawnFast(plan: Plan, undo: () => void): Child {
  const arena = scratchArena(encode(plan.child, machine()))
  const flags = cloneFlags(plan)
  const pid = arena.clone(flags)
  if (pid < 0) throw new StartError(formatCall(clone3(flags, [])), -pid, { by: 'clone' })
  const results = arena.results()
  if (failedStep(results)) {
    endedSync(pid)
    throw startError(results)
  }
  return child(pid, () => ended(pid), () => endedSync(pid), undo)
}
// endregion

/** A plan whose child waits: the list of the first process, its flags, and where its container is found. */
interface Gated {
  readonly list: readonly Syscall[]
  readonly flags: bigint
  /** The container's pid, or -1 if the process between never came to make it. */
  readonly pid: (arena: Arena, first: number) => number
}

/** The child reads a byte from the gate first. It must not hold the other end, or it would not notice that its parent died. */
function waiting(plan: Plan, gate: Pipe): Gated {
  const list = [close(gate.writer), { ...read(gate.reader, 1), onZero: [exit_group(125)] }, ...plan.child]
  return { list, flags: cloneFlags(plan), pid: (_, first) => first }
}

/** The same, with a process between parent and child: it runs `before`, makes the child, reports, and waits for its end. */
function between(plan: Plan, gate: Pipe, started: Pipe): Gated {
  const { list: child, flags } = waiting(plan, gate)
  const list = [
    ...plan.before,
    { ...clone3(flags, child), as: 'container' },
    close(gate.writer), close(gate.reader), write(started.writer, '.'), close(started.writer),
    wait4({ resultOf: 'container' }, WALL), exit_group(0),
  ]
  const pid = (arena: Arena): number =>
    started.waitSync() ? Number(arena.results().find(({ call }) => call.as === 'container')?.value ?? -1) : -1
  return { list, flags: CLONE_CLEAR_SIGHAND, pid }
}

/** The parent works while the child waits. `started` ends when the program has been executed, or the child is dead. */
function spawnGated(plan: Plan, undo: () => void): Child {
  const [gate, started] = [new Pipe(), new Pipe()]
  const { list, flags, pid } = plan.before.length > 0 ? between(plan, gate, started) : waiting(plan, gate)
  const arena = new Arena(encode(list, machine()))
  const first = arena.clone(flags)
  try {
    if (first < 0) throw new StartError(formatCall(clone3(flags, [])), -first, { by: 'clone' })
    gate.close(gate.reader)
    started.close(started.writer)
    const container = pid(arena, first)
    try {
      if (container > 0) {
        for (const { path, data } of plan.beside) writeFileSync(path.replace('{pid}', String(container)), data)
        gate.signal()
      }
    } finally {
      gate.close() // without a byte in it, the child ends
      while (started.waitSync());
    }
    if (failedStep(arena.results())) throw startError(arena.results())
    /** The process between ends with 0, and leaves the container's status in its list. */
    const exit = (direct: Exit): Exit => {
      const status = arena.results().find(({ call }) => call.call === 'wait4')?.outs[0]
      arena.free()
      return status ? parseStatus(status.readInt32LE(0)) : direct
    }
    return child(container, async () => exit(await ended(first)), () => exit(endedSync(first)), undo)
  } catch (error) {
    if (first > 0) endedSync(first)
    arena.free()
    throw error
  } finally {
    gate.close()
    started.close()
  }
}

function child(pid: number, wait: () => Promise<Exit>, waitSync: () => Exit, undo: () => void): Child {
  let exit: Exit | undefined
  let waiting: Promise<Exit> | undefined
  const over = (result: Exit): Exit => {
    undo()
    return (exit = result)
  }
  return {
    pid,
    wait: () => (exit ? Promise.resolve(exit) : (waiting ??= wait().then(over))),
    waitSync: () => exit ?? over(waitSync()),
    kill: (signal) => void (exit ?? process.kill(pid, signal)),
  }
}

/** Makes what the plan needs. @returns what takes it back, last made first */
function make(needs: readonly Resource[]): () => void {
  const made: Resource[] = []
  const undo = (): void => {
    for (const resource of made.splice(0).toReversed()) callAll(resource.undo)
  }
  try {
    for (const resource of needs) {
      callAll(resource.make)
      made.push(resource)
    }
  } catch (error) {
    undo()
    throw error
  }
  return undo
}

/** The step at which the child ended, in words; if it is an execve, all attempts of the search together. */
export function startError(results: readonly Result[]): StartError {
  const { call, value = 0n } = failedStep(results) as Result
  const by = (call as Partial<Step>).by ?? 'clone'
  const errno = Number(-value)
  if (call.call !== 'execve') return new StartError(formatCall(call), errno, { by, why: call.why })
  const attempts = results.filter((result) => result.call.call === 'execve')
    .map((result) => ({ path: String(result.call.args[0]), errno: Number(-(result.value ?? 0n)) }))
  const [, argv] = call.args
  const program = execFailure(Array.isArray(argv) ? String(argv[0]) : '', attempts)
  return new StartError(formatCall(call), errno, { by, program })
}
