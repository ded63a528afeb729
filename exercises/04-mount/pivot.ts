// A root of its own, with no way back.
import type { Isolation } from '@pocker/syscalls'

/**
 * @param root the path of a directory, which is no mount
 * @returns an isolation with which the directory, and all that is mounted below it, becomes the root of a mount table
 * of the container's own; nothing else is left in that table
 */
export function pivot(root: string): Isolation {
  throw new Error(`TODO: return an isolation that makes ${root} the root`)
}
