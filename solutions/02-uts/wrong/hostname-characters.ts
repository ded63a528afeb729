// exercise: hostname
// wrong: the length counts characters, not bytes
// score: 3
// says: its length counts bytes
import { CLONE_NEWUTS, type Isolation } from '@pocker/syscalls'

export function hostname(name: string): Isolation {
  return { name: 'hostname', flags: CLONE_NEWUTS, child: [{ call: 'sethostname', args: [name, name.length] }] }
}
