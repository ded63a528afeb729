// A boot clock that runs ahead of the machine's.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container has a time namespace of its own. Its boot clock shows `secs` more than the machine's; its monotonic clock
 * shows what the machine's shows.
 * @param secs whole seconds; negative for a clock that is behind
 * @returns an isolation whose work is done before the clone
 * @throws {Error} `secs: expected whole seconds, got 1.5`, for anything that is no whole number
 */
export function shifted(secs: number): Isolation {
  throw new Error(`TODO: return an isolation that shifts the boot clock by ${secs} s`)
}
