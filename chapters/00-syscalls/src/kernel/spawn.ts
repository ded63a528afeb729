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
import { clone3, close, exit_group, read, wait4, write } from '../data/calls.ts'
import { execFailure } from '../data/command.ts'
import { CLONE_CLEAR_SIGHAND, CLONE_VFORK, CLONE_VM, WALL } from '../data/constants.ts'
import { formatCall } from '../data/format.ts'
import type { Plan, Resource, Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { SyscallError } from '../errno.ts'
import { encode } from '../machine/encode.ts'
import { Arena, machine, type Result } from './arena.ts'
import { writeFileSync } from 'node:fs'
import { callAll, failedStep, scratchArena } from './call.ts'
import { Pipe } from './pipe.ts'
import { ended, endedSync, parseStatus, type Exit } from './wait.ts'

/** A container that did not start. */
export class StartError extends SyscallError {
  override readonly name = 'StartError'
  /** The isolation whose step failed: `uts`, `command`, `clone`. */
  readonly by: string
  /** What a shell would answer: 126 or 127 if the program was at fault, otherwise 125, as Docker has it. */
  readonly exitCode: number

  constructor(call: string, errno: number, by: string, program?: { message: string; exitCode: number }) {
    super(call, errno)
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
    return plan.before.length + plan.beside.length > 0 ? spawnGated(plan, undo) : spawnFast(plan, undo)
  } catch (error) {
    undo()
    throw error
  }
}

// region spawnFast
function spawnFast(plan: Plan, undo: () => void): Child {
  const arena = scratchArena(encode(plan.child, machine()))
  const flags = plan.flags | CLONE_CLEAR_SIGHAND
  const pid = arena.clone(flags | CLONE_VM | CLONE_VFORK)
  if (pid < 0) throw new StartError(formatCall(clone3(flags, [])), -pid, 'clone')
  const results = arena.results()
  if (failedStep(results)) {
    endedSync(pid)
    throw startError(results)
  }
  return child(pid, () => ended(pid), () => endedSync(pid), undo)
}
// endregion

/** The child waits for a byte at the gate; `started` ends when the program has been executed, or the child is dead. */
function spawnGated(plan: Plan, undo: () => void): Child {
  const gate = new Pipe()
  const started = new Pipe()
  const flags = plan.flags | CLONE_CLEAR_SIGHAND
  const gated: Syscall[] = [{ ...read(gate.reader, 1), onZero: [exit_group(125)] }, ...plan.child]
  const between: Syscall[] = [
    ...plan.before,
    { ...clone3(flags, gated), as: 'container' },
    write(started.writer, '.'), close(started.writer), close(gate.reader),
    wait4({ resultOf: 'container' }, WALL), exit_group(0),
  ]
  // The child must not hold the gate's other end, or it would never notice that its parent died.
  const list = [close(gate.writer), ...(plan.before.length > 0 ? between : gated)]
  const arena = new Arena(encode(list, machine()))
  const first = arena.clone(plan.before.length > 0 ? CLONE_CLEAR_SIGHAND : flags)
  try {
    if (first < 0) throw new StartError(formatCall(clone3(flags, [])), -first, 'clone')
    gate.close(gate.reader)
    started.close(started.writer)
    if (plan.before.length > 0) started.waitSync()
    const pid = plan.before.length > 0 ? Number(resultOf(arena, 'container')?.value ?? -1) : first
    try {
      for (const { path, data } of pid > 0 ? plan.beside : []) writeFileSync(path.replace('{pid}', String(pid)), data)
      if (pid > 0) gate.signal()
    } finally {
      gate.close()
      started.waitSync()
    }
    if (failedStep(arena.results())) throw startError(arena.results())
    const exit = (direct: Exit): Exit => {
      const status = arena.results().find(({ call }) => call.call === 'wait4')?.outs[0]
      arena.free()
      return status ? parseStatus(status.readInt32LE(0)) : direct
    }
    return child(pid, async () => exit(await ended(first)), () => exit(endedSync(first)), undo)
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

const resultOf = (arena: Arena, name: string): Result | undefined => arena.results().find(({ call }) => call.as === name)

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
  if (call.call !== 'execve') return new StartError(formatCall(call), Number(-value), by)
  const attempts = results.filter((result) => result.call.call === 'execve')
    .map((result) => ({ path: String(result.call.args[0]), errno: Number(-(result.value ?? 0n)) }))
  const [, argv] = call.args
  return new StartError(formatCall(call), Number(-value), by, execFailure(Array.isArray(argv) ? String(argv[0]) : '', attempts))
}
