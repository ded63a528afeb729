// A view of the container's own message queues.
import type { Isolation } from '@pocker/syscalls'

/**
 * @param at an absolute path of a directory that is there: where the queues are to be seen
 * @returns an isolation with an IPC namespace and a mount table of its own, and a file system of the type mqueue in it
 */
export function queues(at: string): Isolation {
  throw new Error(`TODO: return an isolation that shows the container's queues at ${at}`)
}
