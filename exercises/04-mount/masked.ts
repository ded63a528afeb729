// Directories that a container does not see into.
import type { Isolation } from '@pocker/syscalls'

/**
 * Each of these directories is empty for the container, and nothing can be made in it. For the machine they are as they were.
 * A path at which there is nothing is passed over; whatever else goes wrong ends the list.
 * @param paths absolute ones, of directories
 */
export function masked(paths: readonly string[]): Isolation {
  throw new Error(`TODO: return an isolation that hides ${paths.join(' and ')}`)
}
