// A container in the PID namespace of a running process.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container is born into the namespace in which process `pid` is: it makes none of its own.
 * @param pid the number of a process, as seen from outside; its namespaces are the files of /proc/NUMBER/ns
 * @returns an isolation whose work is done before the clone
 * @throws {Error} `pid: expected a process number, got 0`, for anything that is no whole number above 0
 */
export function visit(pid: number): Isolation {
  throw new Error(`TODO: return an isolation that joins the PID namespace of process ${pid}`)
}
