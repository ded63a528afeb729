// A root with few capabilities, for good.
import type { Isolation } from '@pocker/syscalls'

/**
 * Root runs the plan. The program is root too, and has exactly these capabilities: its effective, permitted and bounding
 * sets hold them and no other. Nothing is handed on: its inheritable and ambient sets are empty, whatever the caller's held.
 * @param keep names such as CAP_CHOWN. Which other names there are is in `CAP`, of @pocker/syscalls
 * @returns an isolation of steps of the child
 * @throws {Error} `keep: expected names such as CAP_CHOWN, got CAP_FLY`, for the first that is none
 */
export function powerless(keep: readonly string[]): Isolation {
  throw new Error(`TODO: return an isolation that leaves ${keep.join(', ') || 'no capability'}`)
}
