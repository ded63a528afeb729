// A container with a name of its own.
import type { Isolation } from '@pocker/syscalls'

/**
 * @param name the container's host name, at most 64 bytes
 * @returns an isolation with the flag for a UTS namespace, and the step that sets the name in it
 */
export function hostname(name: string): Isolation {
  throw new Error(`TODO: return an isolation that calls the container ${name}`)
}
