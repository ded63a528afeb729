// A container made one system call at a time: the child waits before every step until it is told to go on.
//
//   const steps = new Stepper(plan)
//   while (steps.upcoming) console.log(await steps.next())
//
// The list is the plan's own, with a wait (read a byte) before each step and a report (write a byte) after it.
// Invariant: if the parent dies, the wait reads 0, and the child ends.
import { read as readFd } from 'node:fs'
import { promisify } from 'node:util'
import { clone3, close, exit_group, read, write } from '../data/calls.ts'
import { CLONE_CLEAR_SIGHAND } from '../data/constants.ts'
import { formatCall } from '../data/format.ts'
import type { Plan, Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { SpecError } from '../errno.ts'
import { encode } from '../machine/encode.ts'
import { Arena, machine, type Result } from './arena.ts'
import { Pipe } from './pipe.ts'
import { StartError, startError } from './spawn.ts'
import { ended, type Exit } from './wait.ts'

export interface Stepped {
  readonly step: Step
  /** The kernel's answer; an execve that worked gives none. */
  readonly result: Result
}

/** What the kernel would answer to a call for a process that is gone. */
const ESRCH = 3

export class Stepper {
  readonly pid: number
  /** The call that made the process, before all steps. */
  readonly clone: Syscall
  readonly #plan: Plan
  readonly #arena: Arena
  readonly #go = new Pipe()
  readonly #report = new Pipe()
  #at = 0
  #exit: Promise<Exit> | undefined

  /** @throws {StartError} if the kernel refused the clone */
  constructor(plan: Plan) {
    if (plan.needs.length + plan.before.length + plan.beside.length > 0) {
      throw new SpecError('step: expected a plan whose steps are all the child\'s, got one with work for the parent')
    }
    this.#plan = plan
    const wait: Syscall = { ...read(this.#go.reader, 1), onZero: [exit_group(125)] }
    const report = write(this.#report.writer, '.')
    const list = [close(this.#go.writer), report, ...plan.child.flatMap((step) => [wait, step, report])]
    this.#arena = new Arena(encode(list, machine()))
    const flags = plan.flags | CLONE_CLEAR_SIGHAND
    this.clone = clone3(flags, [])
    this.pid = this.#arena.clone(flags)
    this.#go.close(this.#go.reader)
    this.#report.close(this.#report.writer)
    if (this.pid < 0) {
      this.#end()
      throw new StartError(formatCall(this.clone), -this.pid, { by: 'clone' })
    }
    this.#report.waitSync() // the child is there, and its preparations are done
  }

  /** The step that next() will make; undefined when the program runs. */
  get upcoming(): Step | undefined {
    return this.#plan.child[this.#at]
  }

  /** How many steps the plan has. */
  get total(): number {
    return this.#plan.child.length
  }

  /**
   * Makes one step.
   * @throws {StartError} if it failed, or somebody ended the child meanwhile; the child is gone then
   */
  async next(): Promise<Stepped> {
    const step = this.upcoming
    if (!step) throw new SpecError('step: expected a step that is left, got the end of the plan')
    const alive = this.#signal()
    const reported = alive && await this.#reported()
    const results = this.#arena.results().filter(({ call }) => 'by' in call)
    const result = results[this.#at] as Result
    this.#at = reported ? this.#at + 1 : this.total
    if (!reported && result.value !== undefined) {
      await this.wait()
      throw startError(results)
    }
    // Only a program that was executed may close the pipe without an answer of the step's.
    if (!reported && !(alive && step.call.startsWith('execve'))) {
      await this.wait()
      throw new StartError(formatCall(step), ESRCH, { by: step.by })
    }
    return { step, result }
  }

  /** @returns whether the child is there to get it */
  #signal(): boolean {
    try {
      this.#go.signal()
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false
      throw error
    }
  }

  /** @returns whether the step reported; false at the end of the pipe: executed, or dead */
  async #reported(): Promise<boolean> {
    const { bytesRead } = await promisify(readFd)(this.#report.reader, Buffer.alloc(1), 0, 1, null)
    return bytesRead === 1
  }

  /** Gives up: the child ends at its next wait. */
  stop(): void {
    this.#go.close()
  }

  async wait(): Promise<Exit> {
    this.#exit ??= ended(this.pid).finally(() => this.#end())
    return this.#exit
  }

  #end(): void {
    this.#go.close()
    this.#report.close()
    this.#arena.free()
  }
}
