// The parent of a container, as a list.
import type { Isolation, Syscall } from '@pocker/syscalls'

export interface Container {
  /** The container's own steps. The last one executes its program. */
  readonly list: readonly Syscall[]
  /** A descriptor: the reading end of a pipe. Somebody writes a byte to it when the container may begin. */
  readonly go: number
  /** A descriptor of an empty file. */
  readonly status: number
}

/**
 * The list of a process that makes the container and waits for it, whatever becomes of the one who asked for it:
 *
 *   a session of its own, so that no terminal's signal reaches it
 *   of the caller's descriptors it keeps 0, 1, 2, `go` and `status`; so does the container
 *   the container waits for the byte before its first step. If it cannot come any more, it ends with code 125
 *   when the container has ended, the file has the four bytes that wait4 told, and the parent ends
 *
 * @returns an isolation whose `child` is that list
 */
export function parent({ list, go, status }: Container): Isolation {
  throw new Error(`TODO: return a list that makes a container of ${list.length} steps, with ${go} and ${status}`)
}
