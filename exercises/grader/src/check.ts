// What an exercise is made of: checks, written as data with one function each.
//
//   check({ id: 'name', points: 1, … }, async ({ compute, run, token }) => { … })
//
// Invariant: a check that returns has passed. Expected values hold tokens, so no answer can know them beforehand.
import { randomBytes } from 'node:crypto'
import type { Isolation, Json } from '@pocker/syscalls'
import type { Seen, Surroundings } from './look.ts'

/** What a check can do with an answer. */
export interface Context {
  /** Calls the answer's function. @throws {Failure} if it throws, or returns anything but an isolation */
  compute(...args: readonly Json[]): Promise<Isolation>
  /**
   * Calls the answer's function, whose answer is no list of system calls: a stranger's data, of any shape and within limits.
   * @throws {Failure} if it throws, or returns what is no JSON
   */
  value(...args: readonly Json[]): Promise<Json>
  /** Calls the answer's function, which must throw. @returns its error. @throws {Failure} if it returns */
  refusal(...args: readonly Json[]): Promise<{ readonly name: string; readonly message: string }>
  /** Makes a container of it, and looks at it from outside. @throws {Failure} if a step fails */
  run(isolation: Isolation, surroundings?: Surroundings): Promise<Seen>
  /** A text that nobody can know beforehand: lower case, `length` characters. */
  token(length?: number): string
}

export interface CheckSpec {
  /** Stable: progress is kept by it. */
  readonly id: string
  /** A sentence that is true of a right answer. */
  readonly title: string
  readonly points: number
  /** The first hint, for whoever fails. */
  readonly hint: string
  /** Where the lesson tells it. */
  readonly lesson?: string
}

export interface Check extends CheckSpec { readonly run: (context: Context) => Promise<void> }

export interface Exercise {
  /** Such as `02-uts/hostname`: the answer is `hostname.ts`, and its function is `hostname`. */
  readonly id: string
  readonly title: string
  /** Hidden checks included. */
  readonly points: number
  /** The answer may say what is written to /proc/{pid}/uid_map, gid_map and setgroups. */
  readonly maps?: true
  /** The visible ones. */
  readonly checks: readonly Check[]
}

/** What solutions/NN-topic/hidden.test.ts exports, by the exercise's name. */
export type HiddenChecks = Readonly<Record<string, readonly Check[]>>

export const check = (spec: CheckSpec, run: Check['run']): Check => ({ ...spec, run })

/** Letters and digits, beginning with a letter. */
export const token = (length = 12): string => `t${randomBytes(length).toString('hex')}`.slice(0, length)
