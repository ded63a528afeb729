// The parts of a container, in the order in which they work.
import type { Isolation, Syscall } from '@pocker/syscalls'

/** What some chapter adds to a container. */
export interface Part {
  readonly name: 'oom' | 'uts' | 'mount' | 'bounding' | 'user' | 'capabilities' | 'filter'
  readonly child: readonly Syscall[]
}

/**
 * The parts come in any order. Each of them works, if it is in its place:
 *
 *   oom            writes to /proc/self/oom_score_adj
 *   uts            names the machine
 *   mount          mounts a new root, and changes to it; there is no /proc in it
 *   bounding       drops capabilities from the bounding set
 *   user           changes the groups and the user; permitted capabilities are kept, no other
 *   capabilities   sets the permitted, effective and inheritable ones: few, or none
 *   filter         forbids the calls of all other parts
 *
 * A container need not have all of them. It may have several parts of one name: they stay in the order in which they came.
 * @returns an isolation of all steps of all parts
 * @throws {Error} `parts: expected oom, uts, mount, bounding, user, capabilities or filter, got xyz`, for a name that is none
 */
export function arrange(parts: readonly Part[]): Isolation {
  throw new Error(`TODO: return an isolation of ${parts.map(({ name }) => name).join(', ')}, in an order that works`)
}
