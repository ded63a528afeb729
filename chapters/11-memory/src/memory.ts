// How much memory a container may have, and what the kernel does when it wants more.
//
//   memory(group, { limit: 32 * MiB })   → the isolation
//   oomKills(group)                      → how many processes were killed for it
//
// Invariant: the limit counts what the processes have in memory and what the kernel keeps for them, page cache included;
// swap is counted beside it, and not in it.
import { canSet, get, limited, type Group, type Limits } from '@pocker/cgroup'
import { close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation } from '@pocker/syscalls'

/** The slice of the OCI runtime spec that this chapter reads, in bytes. @see config-linux.md, "Memory" */
export interface MemorySpec {
  readonly limit?: number
  /** What it is left with when memory is short elsewhere. */
  readonly reservation?: number
  /** Memory and swap together; -1 for any amount of swap. Twice the limit if it is not said. */
  readonly swap?: number
  /** From here on it is slowed down and made to give back, before the limit kills. */
  readonly high?: number
  /** 0 to 100: how willingly its pages go to swap. Version 1 only. */
  readonly swappiness?: number
  /** Processes wait instead of being killed. Version 1 only. */
  readonly disableOOMKiller?: boolean
}

const MiB = 1024 * 1024
/** Docker's: with less, no program starts. */
export const LEAST = 6 * MiB

/** @throws {SpecError} naming the field at fault, or the controller that is missing */
// region memory
export function memory(group: Group, spec: MemorySpec): Isolation {
  check(spec)
  return limited('memory', group, limits(spec, group.tree.swap))
}
// endregion

// region limits
function limits({ limit, reservation, swap, high, swappiness, disableOOMKiller }: MemorySpec, canSwap: boolean): Limits {
  const beside = limit === undefined ? undefined : swap === -1 ? 'max' : String((swap ?? 2 * limit) - limit)
  return {
    ...(limit !== undefined && { 'memory.max': String(limit) }),
    ...(beside !== undefined && canSwap && { 'memory.swap.max': beside }),
    ...(reservation !== undefined && { 'memory.low': String(reservation) }),
    ...(high !== undefined && { 'memory.high': String(high) }),
    ...(swappiness !== undefined && { 'memory.swappiness': String(swappiness) }),
    ...(disableOOMKiller && { 'memory.oom.disable': '1' }),
  }
}
// endregion

function check({ limit, reservation, swap, swappiness, disableOOMKiller }: MemorySpec): void {
  const refuse = (what: string, expected: string, got: string | number): never => {
    throw new SpecError(`${what}: expected ${expected}, got ${got}`)
  }
  const below = (value: number, least: number): boolean => !Number.isSafeInteger(value) || value < least
  if (limit !== undefined && below(limit, LEAST)) refuse('memory.limit', `at least ${LEAST} bytes, 6 MiB`, limit)
  if (reservation !== undefined && below(reservation, 0)) refuse('memory.reservation', 'a number of bytes', reservation)
  if (reservation !== undefined && limit !== undefined && reservation > limit) {
    refuse('memory.reservation', `at most the limit of ${limit} bytes`, reservation)
  }
  if (swap !== undefined && limit === undefined) refuse('memory.swap', 'a memory limit, for it is memory and swap together', 'none')
  if (swap !== undefined && swap !== -1 && below(swap, limit ?? 0)) {
    refuse('memory.swap', `memory and swap together, at least the limit of ${limit} bytes, or -1`, swap)
  }
  if (swappiness !== undefined && (below(swappiness, 0) || swappiness > 100)) refuse('memory.swappiness', '0 to 100', swappiness)
  if (disableOOMKiller && limit === undefined) {
    refuse('memory.disableOOMKiller', 'a memory limit, or the machine would stand still', 'none')
  }
}

/** @returns a line for whoever asked for a limit that covers memory only; undefined if swap is covered too */
export function swapWarning(group: Group, { limit }: MemorySpec): string | undefined {
  if (limit === undefined || (group.tree.swap && canSet(group.tree, 'memory.swap.max'))) return undefined
  return 'No swap limit support: memory is limited, and swap is not'
}

/** Who is killed first when memory runs out, on the whole machine: -1000 (never) to 1000. @see proc_pid_oom_score_adj(5) */
// region oomScore
export function oomScore(adjustment: number): Isolation {
  if (!Number.isInteger(adjustment) || Math.abs(adjustment) > 1000) {
    throw new SpecError(`oomScoreAdj: expected -1000 to 1000, got ${adjustment}`)
  }
  const file = { resultOf: 'oom score' }
  return {
    name: 'memory',
    child: [
      { ...open('/proc/self/oom_score_adj', O_WRONLY | O_CLOEXEC), as: file.resultOf },
      write(file, String(adjustment)), close(file),
    ],
  }
}
// endregion

// region oomKills
/** @returns how many processes of the group the kernel has killed because the limit was reached */
export const oomKills = (group: Group): number => Number(get(group, 'memory.events')['oom_kill'] ?? 0n)
// endregion

/** @returns bytes in use now */
export const inUse = (group: Group): number => Number(get(group, 'memory.current')[''] ?? 0n)
