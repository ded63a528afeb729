// Who is killed first when the machine has no memory left.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container is killed before others if memory runs out: so many points are added to its own.
 * Nobody but the container gets any: not its parent, and no neighbour.
 * @param points from -1000 to 1000
 * @returns an isolation whose work is done by the child
 * @throws {Error} `points: expected a whole number from -1000 to 1000, got 1001`
 */
export function first(points: number): Isolation {
  throw new Error(`TODO: return an isolation that adds ${points} points`)
}
