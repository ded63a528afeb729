// exercise: hostname
// wrong: leaves the machine's namespace after the name was set in it
// score: 2
// says: sethostname came before the namespace: it would have renamed the machine
import { CLONE_NEWUTS, sethostname, unshare, type Isolation } from '@pocker/syscalls'

export function hostname(name: string): Isolation {
  return { name: 'hostname', child: [sethostname(name), unshare(CLONE_NEWUTS)] }
}
