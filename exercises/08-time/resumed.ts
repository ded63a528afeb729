// Clocks that go on where they stopped.
import type { Isolation } from '@pocker/syscalls'

/** What a clock shows. `nanosecs` is 0 to 999999999. */
export interface Reading { readonly secs: number; readonly nanosecs: number }
export interface Clocks { readonly boottime: Reading; readonly monotonic: Reading }

/**
 * A container was stopped on one machine, and goes on here. Its programs have read clocks there, and must not see them
 * jump: both go on where they stopped.
 * @param saved what the clocks of the container showed when it was stopped
 * @param here what the clocks of this machine show now: more, or less
 * @returns an isolation whose work is done before the clone. No nanosecond is lost
 */
export function resumed(saved: Clocks, here: Clocks): Isolation {
  throw new Error(`TODO: return an isolation that goes from ${here.boottime.secs} s on at ${saved.boottime.secs} s`)
}
