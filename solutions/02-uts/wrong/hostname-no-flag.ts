// exercise: hostname
// wrong: forgets the flag
// score: 2
// says: CLONE_NEWUTS is missing: sethostname would have renamed the machine
import { sethostname, type Isolation } from '@pocker/syscalls'

export function hostname(name: string): Isolation {
  return { name: 'hostname', child: [sethostname(name)] }
}
