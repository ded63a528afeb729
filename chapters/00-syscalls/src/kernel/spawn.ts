// From a plan to a process.
//
//   const child = spawn(plan)   → running, its program executed; or a StartError that names the step
//   await child.wait()          → { code, signal }
//
// Most plans take the fast way: the child borrows the parent's memory (CLONE_VM) while the parent stands still until the
// child has executed its program (CLONE_VFORK). A plan with work for the parent while the child waits, or for a process in
// between, takes the gated way (gated.ts), with a copy of the memory and two pipes.
//
// Invariant: if spawn() throws, no process and no resource is left.
import { formatCall } from '../data/format.ts'
import { SpecError } from '../errno.ts'
import { cloneFlags, cloneOf, isGated, type Plan, type Resource } from '../data/isolation.ts'
import { encode } from '../machine/encode.ts'
import { machine } from './arena.ts'
import { callAll, failedStep, scratchArena } from './call.ts'
import { StartError, startError } from './failure.ts'
import { Gated, workBeside } from './gated.ts'
import { withGroup } from './group.ts'
import { ended, endedSync, signalTo, type Exit } from './wait.ts'

export interface Child {
  /** As the parent's PID namespace numbers it. */
  readonly pid: number
  /** Resolves when it has ended, after its resources were taken back. */
  wait(): Promise<Exit>
  /** The same, blocking this thread. */
  waitSync(): Exit
  /** If it has ended, nothing happens. */
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
    quietly(undo)
    throw error
  }
}

// region spawnFast
function spawnFast(plan: Plan, undo: () => void): Child {
  const flags = cloneFlags(plan)
  const { pid, results } = withGroup(plan, (given, group) => {
    const arena = scratchArena(encode(plan.child, machine(), given))
    return { pid: arena.clone(flags, group), results: arena.results() }
  })
  if (pid < 0) throw new StartError(formatCall(cloneOf(plan, [], flags)), -pid, { by: 'clone' })
  if (failedStep(results)) {
    endedSync(pid)
    throw startError(results)
  }
  return child(pid, () => ended(pid), () => endedSync(pid), undo)
}
// endregion

/** The parent works while the child waits at its gate, and is back when the program has been executed. */
function spawnGated(plan: Plan, undo: () => void): Child {
  const gated = new Gated(plan, 'once')
  try {
    try {
      const made = plan.before.length === 0 || gated.report.waitSync()
      if (made) {
        workBeside(plan, gated.pid)
        gated.go.signal()
      }
    } finally {
      gated.go.close() // without a byte in it, the child ends
      while (gated.report.waitSync());
    }
    if (failedStep(gated.results())) throw startError(gated.results())
  } catch (error) {
    gated.endedSync()
    gated.free()
    throw error
  }
  gated.report.close()
  const over = (exit: Exit): Exit => {
    gated.free()
    return exit
  }
  return child(gated.pid, async () => over(await gated.ended()), () => over(gated.endedSync()), undo)
}

function child(pid: number, wait: () => Promise<Exit>, waitSync: () => Exit, undo: () => void): Child {
  let exit: Exit | undefined
  let waiting: Promise<Exit> | undefined
  const over = (result: Exit): Exit => {
    exit = result
    undo()
    return result
  }
  return {
    pid,
    wait: () => (exit ? Promise.resolve(exit) : (waiting ??= wait().then(over))),
    waitSync: () => {
      if (waiting && !exit) throw new SpecError('waitSync: expected a child that nobody waits for, got one whose wait() has begun')
      return exit ?? over(waitSync())
    },
    kill: (signal) => void (exit ?? signalTo(pid, signal)),
  }
}

/** Makes what the plan needs. @returns what takes it back, last made first */
export function make(needs: readonly Resource[]): () => void {
  const made: Resource[] = []
  // One that cannot be taken back does not keep the others.
  const undo = (): void => {
    const failed = made.splice(0).toReversed().flatMap((resource) => {
      try {
        callAll(resource.undo)
        return []
      } catch (error) {
        return [error]
      }
    })
    if (failed.length > 0) throw failed[0]
  }
  try {
    for (const resource of needs) {
      callAll(resource.make)
      made.push(resource)
    }
  } catch (error) {
    quietly(undo)
    throw error
  }
  return undo
}

/** What went wrong first is what is told. */
function quietly(undo: () => void): void {
  try {
    undo()
  } catch {}
}
