// A container in its own control group.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container is in its group in every hierarchy, and sees that group as the root of its control groups.
 * @param directories of the group, one for each hierarchy: absolute paths, made already, with limits set
 * @returns an isolation whose work is done by the child
 */
export function grouped(directories: readonly string[]): Isolation {
  throw new Error(`TODO: return an isolation that enters ${directories.join(' and ')}`)
}
