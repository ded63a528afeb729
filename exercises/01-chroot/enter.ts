// A root of its own.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container's root and working directory are this directory. No other process's are changed.
 * @param root the path of a directory
 * @throws {Error} `root: expected the path of a directory, got ""`, if it is empty or holds a NUL byte
 */
export function enter(root: string): Isolation {
  throw new Error(`TODO: return an isolation that makes ${root} the root`)
}
