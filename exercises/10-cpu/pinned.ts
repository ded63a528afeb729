// `docker run --cpuset-cpus`, for both versions of control groups.
import type { Isolation } from '@pocker/syscalls'

/** A container's group: a directory that is there, in the words of version 1 or 2; and what the machine has. */
export interface Machine {
  readonly directory: string
  readonly version: 1 | 2
  /** Processors, such as `0-7`. */
  readonly cpus: string
  /** Memory nodes, such as `0`. */
  readonly mems: string
}

/**
 * The container is in the group, and runs on these processors only.
 * @param cpus numbers and ranges, such as `0-2,4`
 * @returns an isolation whose work is done by the child
 * @throws {Error} `cpus: expected a list such as 0-2,4, got "3-1"`, for anything else; and
 * `cpus: expected some of 0-3, got 2-5`, if the machine lacks one of them
 */
export function pinned(machine: Machine, cpus: string): Isolation {
  throw new Error(`TODO: return an isolation that lets ${machine.directory} run on ${cpus}`)
}
