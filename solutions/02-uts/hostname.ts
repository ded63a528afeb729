// A container with a name of its own.
import { CLONE_NEWUTS, sethostname, type Isolation } from '@pocker/syscalls'

/** @param name the container's host name, at most 64 bytes */
export function hostname(name: string): Isolation {
  // step: an isolation is data: nothing happens until somebody runs it
  return {
    name: 'hostname',
    // step: the step is there, but whose name does it set? check now: the machine's
    child: [sethostname(name)],
    // step: the flag is for the clone, so the namespace is there before the first step
    flags: CLONE_NEWUTS,
  }
}
