// What a container uses, in runc's words.
//
//   stats(store, 'web')   → { cpu: { usage: { total: 9290751n, … }, … }, memory: { usage: { limit, usage, … }, … }, pids: { … } }
//
// Invariant: nothing is changed by looking. What this machine does not count is 0.
// @see runc, types/events.go
import { get, type Figures, type Group } from '@pocker/cgroup'
import { SpecError } from '@pocker/syscalls'
import { groupIn } from './manage.ts'
import type { Store } from './store.ts'

/** Bytes, and nanoseconds. */
export interface Stats {
  readonly cpu: {
    readonly usage: { readonly total: bigint; readonly kernel: bigint; readonly user: bigint }
    readonly throttling: { readonly periods: bigint; readonly throttledPeriods: bigint; readonly throttledTime: bigint }
  }
  readonly memory: {
    /** Of files. */
    readonly cache: bigint
    /** failcnt: how often it came to the limit. */
    readonly usage: { readonly limit: bigint; readonly usage: bigint; readonly max: bigint; readonly failcnt: bigint }
    readonly raw: Figures
  }
  /** No limit if there is none. */
  readonly pids: { readonly current: bigint; readonly limit?: bigint }
}

const NANO_PER_MICRO = 1000n
/** runc's word for no limit in version 2, where the file says `max`. */
const UNLIMITED = 2n ** 64n - 1n

/** @throws {SpecError} if it does not run, or has no cgroup */
export const stats = (store: Store, id: string): Stats => statsOf(groupIn(store, id, 'events', ['created', 'running', 'paused']))

// region stats
export function statsOf(group: Group): Stats {
  const one = (file: string): bigint | undefined => figures(group, file)['']
  const [cpu, raw] = [figures(group, 'cpu.stat'), figures(group, 'memory.stat')]
  const nanos = (name: string): bigint => (cpu[name] ?? 0n) * NANO_PER_MICRO
  const processes = one('pids.max')
  return {
    cpu: {
      usage: { total: nanos('usage_usec'), kernel: nanos('system_usec'), user: nanos('user_usec') },
      throttling: {
        periods: cpu['nr_periods'] ?? 0n, throttledPeriods: cpu['nr_throttled'] ?? 0n, throttledTime: nanos('throttled_usec'),
      },
    },
    memory: {
      cache: raw['file'] ?? raw['cache'] ?? 0n,
      usage: {
        limit: one('memory.max') ?? UNLIMITED, usage: one('memory.current') ?? 0n, max: one('memory.peak') ?? 0n,
        failcnt: figures(group, 'memory.events')['max'] ?? 0n,
      },
      raw,
    },
    pids: { current: one('pids.current') ?? 0n, ...(processes !== undefined && { limit: processes }) },
  }
}
// endregion

/** @returns none if the machine has no such controller, or file */
function figures(group: Group, file: string): Figures {
  try {
    return get(group, file)
  } catch (error) {
    if (error instanceof SpecError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
