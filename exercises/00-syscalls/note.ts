// A text in a file, by three system calls.
import type { Isolation } from '@pocker/syscalls'

/** The directory at which a path begins that has no leading slash: the working directory. @see openat(2) */
export const AT_FDCWD = -100
/** @see open(2) */
export const [O_WRONLY, O_CREAT] = [1, 0o100]

/**
 * The child opens the file, which is made if it is not there, writes the text, and closes the file.
 * @returns an isolation whose work is done by the child
 */
export function note(path: string, text: string): Isolation {
  throw new Error(`TODO: return an isolation that writes ${text} to ${path}`)
}
