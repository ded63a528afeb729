// The contract of the whole course: what one chapter adds to a container, and how the parts become one plan.
//
//   plan([uts({ hostname: 'box' }), command({ argv: ['hostname'] })])   → Plan
//
// Invariant: data all through. Nothing here runs until the plan runs, so a plan can be printed, compared and graded.
import { SpecError } from '../errno.ts'
import { clone3 } from './calls.ts'
import { CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP, CLONE_VFORK, CLONE_VM } from './constants.ts'
import type { Syscall } from './syscall.ts'

/** A file that the parent writes while the child waits; `{pid}` in the path stands for the child's number. */
export interface FileWrite { readonly path: string; readonly data: string }

/** A program of the host's that the parent runs meanwhile, for what only a setuid program may do; `{pid}` likewise. */
export interface HostProgram { readonly run: readonly string[] }

export type Beside = FileWrite | HostProgram

/** Something that the parent makes before the clone, and takes back after the child's end or on failure. */
export interface Resource {
  readonly name: string
  readonly make: readonly Syscall[]
  readonly undo: readonly Syscall[]
}

/** What one chapter adds to a container. */
// region isolation
export interface Isolation {
  readonly name: string
  /** CLONE_NEW* for the container's clone3. */
  readonly flags?: bigint
  /** The directory of the group that the child is born in. It has a descriptor of it, `{ resultOf: cgroup }`, and closes that. */
  readonly cgroup?: string
  /** Made by the parent first, undone after or on failure. */
  readonly needs?: readonly Resource[]
  /** In a process between the parent and the container, before the clone. */
  readonly before?: readonly Syscall[]
  /** By the parent, while the child waits. */
  readonly beside?: readonly Beside[]
  /** In the child, in order, before execve. */
  readonly child?: readonly Syscall[]
}
// endregion

/** A step that remembers which isolation it came from. */
export type Step = Syscall & { readonly by: string }

/** A container as data: run it with spawn(), print it with explain(). */
export interface Plan {
  readonly flags: bigint
  readonly cgroup?: string
  readonly needs: readonly Resource[]
  readonly before: readonly Step[]
  readonly beside: readonly Beside[]
  readonly child: readonly Step[]
}

/**
 * Puts isolations together, in the order given: the order in which their steps run.
 * @throws {SpecError} if the last step is not an execve: such a child would have nothing to become
 */
export function plan(isolations: readonly Isolation[]): Plan {
  const signed = (part: 'before' | 'child'): Step[] =>
    isolations.flatMap((isolation) => (isolation[part] ?? []).map((step) => ({ ...step, by: isolation.name })))
  const child = signed('child')
  const last = child.at(-1)?.call
  if (last !== 'execve' && last !== 'execveat') {
    throw new SpecError(`plan: expected execve as the last step, got ${last ?? 'no step at all'}`)
  }
  const [cgroup, other] = isolations.flatMap(({ cgroup: directory }) => directory ?? [])
  if (other !== undefined) throw new SpecError(`plan: expected one cgroup to be born in, got ${cgroup} and ${other}`)
  return {
    flags: isolations.reduce((all, { flags = 0n }) => all | flags, 0n),
    ...(cgroup !== undefined && { cgroup }),
    needs: isolations.flatMap(({ needs = [] }) => needs),
    before: signed('before'),
    beside: isolations.flatMap(({ beside = [] }) => beside),
    child,
  }
}

/** @returns whether the child must wait: for the parent's work beside it, or for a process in between */
export const isGated = ({ before, beside }: Plan): boolean => before.length + beside.length > 0

/** The flags of the clone3 of a child that has memory of its own. Handlers of the parent's are never the child's. */
export const ownFlags = ({ flags, cgroup }: Plan): bigint =>
  flags | CLONE_CLEAR_SIGHAND | (cgroup === undefined ? 0n : CLONE_INTO_CGROUP)

/**
 * A child that need not wait borrows the parent's memory (CLONE_VM), and the parent stands still until the child has executed
 * its program (CLONE_VFORK).
 */
export const cloneFlags = (plan: Plan): bigint => ownFlags(plan) | (isGated(plan) ? 0n : CLONE_VM | CLONE_VFORK)

/** @param child its steps */
export const cloneOf = (plan: Plan, child: readonly Syscall[] = [], flags = ownFlags(plan)): Syscall =>
  clone3(flags, child, plan.cgroup === undefined ? undefined : { resultOf: plan.cgroup })
