// exercise: hostname
// wrong: makes the name lower case, as DNS compares it
// score: 3
// says: expected the host name Box-
import { CLONE_NEWUTS, sethostname, type Isolation } from '@pocker/syscalls'

export function hostname(name: string): Isolation {
  return { name: 'hostname', flags: CLONE_NEWUTS, child: [sethostname(name.toLowerCase())] }
}
