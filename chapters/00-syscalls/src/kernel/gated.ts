// A container that waits for its parent at a gate; and the process between the two, if its plan has steps for one.
//
//   parent ── the process between: plan.before, gives up all that is the parent's, clone3, waits ── the container: plan.child
//
// Two pipes: `go` lets the container on, a byte each time; `report` tells that it went on, and ends when the program has
// been executed, or the container is dead. At the pace `once` there is one gate, before the container's first step; at the
// pace `each step` there is one before every step of the plan, and a report behind it.
// Invariant: if the parent dies, a wait reads 0, and the container ends. The container holds no writing end of `go`.
import { spawnSync } from 'node:child_process'
import { closeSync, writeFileSync } from 'node:fs'
import { clone3, close, exit_group, read, wait4, write } from '../data/calls.ts'
import { CLONE_CLEAR_SIGHAND, WALL } from '../data/constants.ts'
import { formatBeside } from '../data/explain.ts'
import { formatCall } from '../data/format.ts'
import { cloneOf, ownFlags, type Plan, type Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { SpecError } from '../errno.ts'
import { encode, type Given } from '../machine/encode.ts'
import { Arena, machine, type Range, type Result } from './arena.ts'
import { descriptorsIn, emptyExecutable, giveUpFiles, giveUpMemory, hidden } from './giveup.ts'
import { withGroup } from './group.ts'
import { Pipe } from './pipe.ts'
import { StartError } from './failure.ts'
import { ended, endedSync, parseStatus, type Exit } from './wait.ts'

type Rest = Parameters<typeof giveUpMemory>[0] & { readonly given: Given }
export type Pace = 'once' | 'each step'
/** Docker's exit code for a container that was never made. */
const NOT_STARTED = 125

export class Gated {
  readonly go = new Pipe()
  readonly report = new Pipe()
  /** The call that made the first process: the container, or the process between. */
  readonly clone: Syscall
  /** See stepsOf(). */
  readonly steps: readonly Step[]
  readonly #arena: Arena
  readonly #first: number
  /** What pid answers when the list is gone. */
  #last: number | undefined

  /** @throws {StartError} if the kernel refused the clone; nothing is left then */
  constructor(plan: Plan, pace: Pace) {
    const between = plan.before.length > 0
    this.steps = stepsOf(plan)
    this.clone = between ? clone3(CLONE_CLEAR_SIGHAND, []) : cloneOf(plan)
    const exe = between ? emptyExecutable() : -1
    try {
      [this.#arena, this.#first] = withGroup(plan, (given, group) => {
        const arena = encoded(given, (range) => between
          ? this.#between(plan, pace, { arena: range, exe, given })
          : this.#container(plan, pace))
        return [arena, between ? arena.clone(CLONE_CLEAR_SIGHAND) : arena.clone(ownFlags(plan), group)]
      })
    } catch (error) {
      this.go.close()
      this.report.close()
      throw error
    } finally {
      if (between) closeSync(exe)
    }
    this.go.close(this.go.reader)
    this.report.close(this.report.writer)
    if (this.#first > 0) return
    this.free()
    throw new StartError(formatCall(this.clone), -this.#first, { by: 'clone' })
  }

  /** Of the container if it is made, otherwise of the process between. */
  get pid(): number {
    if (this.#last !== undefined) return this.#last
    const container = Number(this.#own('container')?.value ?? 0)
    return container > 0 ? container : this.#first
  }

  /** What was answered to the steps of the plan. */
  results(): Result[] {
    return this.#arena.results().filter(({ call }) => 'by' in call)
  }

  /** How the container ended; the process between, if there is one, ends behind it. */
  async ended(): Promise<Exit> {
    return this.#exit(await ended(this.#first))
  }

  endedSync(): Exit {
    return this.#exit(endedSync(this.#first))
  }

  /** After its end, or instead of it if it was never made. */
  free(): void {
    if (this.#last !== undefined) return
    this.#last = this.pid
    this.go.close()
    this.report.close()
    this.#arena.free()
  }

  #paced(steps: readonly Step[], pace: Pace): Syscall[] {
    return pace === 'once' ? [...steps] : steps.flatMap((step) => [this.#wait, step, this.#reported])
  }

  get #wait(): Syscall {
    return { ...read(this.go.reader, 1), onZero: [exit_group(NOT_STARTED)] }
  }

  get #reported(): Syscall {
    return write(this.report.writer, '.')
  }

  #container(plan: Plan, pace: Pace): Syscall[] {
    return [close(this.go.writer), ...(pace === 'once' ? [this.#wait] : [this.#reported]), ...this.#paced(plan.child, pace)]
  }

  #between(plan: Plan, pace: Pace, rest: Rest): Syscall[] {
    const group = Object.values(rest.given)
    const keep = [this.go.reader, this.report.writer, ...group, ...descriptorsIn([...plan.before, ...plan.child])]
    // The files of a process that is hidden belong to root, and a parent who is not could not write uid_map.
    const [early, late] = mayWriteFilesOfRoot() || plan.beside.length === 0 ? [[hidden()], []] : [[], [hidden()]]
    const gate = pace === 'once' ? [this.#wait] : []
    const [wait, ...steps] = [...gate, ...this.#paced(plan.child, pace)]
    const child = [wait as Syscall, ...late, ...steps]
    return [
      ...giveUpFiles([...keep, rest.exe]),
      ...(pace === 'once' ? [] : [this.#reported]),
      ...this.#paced(plan.before, pace),
      ...(pace === 'once' ? [] : [this.#wait]),
      ...giveUpMemory(rest),
      ...early,
      { ...cloneStep(plan), onZero: child },
      ...[...group, this.go.reader].map(close), this.#reported, close(this.report.writer),
      { ...wait4({ resultOf: 'container' }, WALL), as: 'end' }, exit_group(0),
    ]
  }

  /** Of a step that is no isolation's: the plan's own may have such a name, too. */
  #own(name: string): Result | undefined {
    return this.#arena.results().find(({ call }) => call.as === name && ['clone', undefined].includes((call as Partial<Step>).by))
  }

  /** The process between ends with 0, and leaves the container's status in its list. */
  #exit(direct: Exit): Exit {
    const status = this.#own('end')
    return status?.value === undefined ? direct : parseStatus(status.outs[0]?.readInt32LE(0) ?? 0)
  }
}

/** @returns what a Stepper makes one by one: the steps of the process between, the clone3 of the container, and its own */
export function stepsOf(plan: Plan): readonly Step[] {
  return plan.before.length > 0 ? [...plan.before, cloneStep(plan), ...plan.child] : plan.child
}

const cloneStep = (plan: Plan): Step => ({ ...cloneOf(plan), as: 'container', why: 'make the container', by: 'clone' })

/** The list of the process between holds addresses of the arena in which it will lie. Its size does not depend on them. */
function encoded(given: Given, list: (arena: Range) => Syscall[]): Arena {
  const arena = new Arena(encode(list({ start: 0n, end: 0n }), machine(), given))
  arena.load(encode(list(arena.range), machine(), given))
  return arena
}

const mayWriteFilesOfRoot = (): boolean => process.geteuid?.() === 0

/**
 * What the parent does for a container that waits: the maps of its user namespace, for example.
 * @throws {StartError} if a file refused what was written, or a program failed
 */
export function workBeside({ beside }: Plan, pid: number): void {
  const here = (text: string): string => text.replaceAll('{pid}', String(pid))
  for (const work of beside) {
    if ('run' in work) runProgram(work.run.map(here))
    else writeTo(here(work.path), work.data)
  }
}

function writeTo(path: string, data: string): void {
  try {
    writeFileSync(path, data)
  } catch (error) {
    throw new StartError(formatBeside({ path, data }), -((error as NodeJS.ErrnoException).errno ?? 0), { by: 'beside' })
  }
}

function runProgram(words: readonly string[]): void {
  const [program = '', ...args] = words
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
  if (status === 0) return
  const said = error?.message ?? stderr.trim().split('\n').at(-1)
  throw new SpecError(`${words.join(' ')}: ${said || `exit code ${status}`}`)
}
