// A container with a name of its own.
import { CLONE_NEWUTS, sethostname, type Isolation } from '@pocker/syscalls'

/** @param name the container's host name, at most 64 bytes */
export function hostname(name: string): Isolation {
  return { name: 'hostname', flags: CLONE_NEWUTS, child: [sethostname(name)] }
}
