// A container that can have so many processes, and no more.
import type { Isolation } from '@pocker/syscalls'

/**
 * The group has a limit of processes and threads, and the container is in it.
 * @param directory of the group, with a file `pids.max`: an absolute path, made already
 * @param max how many at once; 0 and -1 stand for any number
 * @returns an isolation whose work is done by the child
 * @throws {Error} `max: expected a whole number of at least -1, got 1.5`, for anything else
 */
export function counted(directory: string, max: number): Isolation {
  throw new Error(`TODO: return an isolation that lets ${directory} have ${max} processes`)
}
