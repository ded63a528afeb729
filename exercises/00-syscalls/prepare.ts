// Programs that run before the container's own, and have ended when that begins.
import type { Isolation } from '@pocker/syscalls'

/** The signal that a parent gets when its child ends. @see signal(7) */
export const SIGCHLD = 17
/** The size of struct clone_args, in bytes. @see clone3(2) */
export const CLONE_ARGS_SIZE = 64
export const ENVIRONMENT = ['PATH=/bin']

/**
 * Each program runs in a child of the container's process, and has ended before the next one begins. When the last one has
 * ended, the list is at its end.
 * @param programs each one's absolute path, and its arguments: `['/bin/echo', 'hello']`
 * @returns an isolation whose work is done by the child
 */
export function prepare(programs: readonly (readonly [string, ...string[]])[]): Isolation {
  throw new Error(`TODO: return an isolation that runs ${programs.length} programs, one after the other`)
}
