// exercise: hostname
// wrong: always the name of the lesson's example
// score: 2
// says: got box
import { CLONE_NEWUTS, sethostname, type Isolation } from '@pocker/syscalls'

export function hostname(_name: string): Isolation {
  return { name: 'hostname', flags: CLONE_NEWUTS, child: [sethostname('box')] }
}
