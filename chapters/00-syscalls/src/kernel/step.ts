// A container made one system call at a time: it waits before every step until it is told to go on.
//
//   const steps = new Stepper(plan)
//   while (steps.upcoming) console.log(await steps.next())
//
// The lists are those of gated.ts at the pace `each step`: a wait (read a byte) before each step, a report (write a byte)
// after it. If the plan has steps for the process between, they come first, and the clone3 of the container is one of them.
// Invariant: if the parent dies, the wait reads 0, and the process ends.
import { read as readFd } from 'node:fs'
import { promisify } from 'node:util'
import { formatCall } from '../data/format.ts'
import type { Plan, Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { SpecError } from '../errno.ts'
import type { Result } from './arena.ts'
import { failedStep } from './call.ts'
import { StartError, startError } from './failure.ts'
import { Gated, workBeside } from './gated.ts'
import { make } from './spawn.ts'
import type { Exit } from './wait.ts'

export interface Stepped {
  readonly step: Step
  /** The kernel's answer; an execve that worked gives none. */
  readonly result: Result
}

/** What the kernel would answer to a call for a process that is gone. */
const ESRCH = 3

export class Stepper {
  readonly #plan: Plan
  readonly #gated: Gated
  readonly #undo: () => void
  #at = 0
  #exit: Promise<Exit> | undefined

  /** @throws {StartError} if the kernel refused the clone, or what the plan needs could not be made */
  constructor(plan: Plan) {
    this.#plan = plan
    this.#undo = make(plan.needs)
    try {
      this.#gated = new Gated(plan, 'each step')
    } catch (error) {
      this.#undo()
      throw error
    }
    this.#gated.report.waitSync() // the process is there, and its preparations are done
    try {
      if (plan.before.length === 0) workBeside(plan, this.pid)
    } catch (error) {
      this.stop()
      this.#gated.endedSync()
      this.#end()
      throw error
    }
  }

  /** The call that made the first process, before all steps. */
  get clone(): Syscall {
    return this.#gated.clone
  }

  /** The container, or before it is made the process that will make it. */
  get pid(): number {
    return this.#gated.pid
  }

  /** The step that next() will make; undefined when the program runs. */
  get upcoming(): Step | undefined {
    return this.steps[this.#at]
  }

  /** All that will be made, in order. */
  get steps(): readonly Step[] {
    return this.#gated.steps
  }

  /**
   * Makes one step, and behind the clone3 of the container what the parent does beside it.
   * @throws {StartError} if it failed, or somebody ended the process meanwhile; it is gone then. If it is the parent's work that
   * failed, the process waits: stop() it, and wait().
   */
  async next(): Promise<Stepped> {
    const step = this.upcoming
    if (!step) throw new SpecError('step: expected a step that is left, got the end of the plan')
    const alive = this.#signal()
    const reported = alive && await this.#reported()
    const results = this.#gated.results()
    const result = results[this.#at] as Result
    this.#at = reported ? this.#at + 1 : this.steps.length
    if (reported) {
      if (step.by === 'clone') workBeside(this.#plan, this.pid)
      return { step, result }
    }
    if (failedStep(results)) {
      await this.wait()
      throw startError(results)
    }
    // Only a program that was executed may close the pipe without an answer of the step's.
    if (!(alive && step.call.startsWith('execve') && result.value === undefined)) {
      await this.wait()
      throw new StartError(formatCall(step), ESRCH, { by: step.by })
    }
    return { step, result }
  }

  /** @returns whether the process is there to get it */
  #signal(): boolean {
    try {
      this.#gated.go.signal()
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false
      throw error
    }
  }

  /** @returns whether the step reported; false at the end of the pipe: executed, or dead */
  async #reported(): Promise<boolean> {
    const { bytesRead } = await promisify(readFd)(this.#gated.report.reader, Buffer.alloc(1), 0, 1, null)
    return bytesRead === 1
  }

  /** Gives up: the process ends at its next wait. */
  stop(): void {
    this.#gated.go.close()
  }

  async wait(): Promise<Exit> {
    this.#exit ??= this.#gated.ended().finally(() => this.#end())
    return this.#exit
  }

  #end(): void {
    this.#gated.free()
    this.#undo()
  }
}
