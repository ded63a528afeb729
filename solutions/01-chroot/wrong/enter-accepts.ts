// exercise: enter
// wrong: takes any text for a path
// score: 4
// says: enter() 
import { because, chdir, chroot, type Isolation } from '@pocker/syscalls'

export function enter(root: string): Isolation {
  return {
    name: 'enter',
    child: [chroot(root), because('or the working directory would still be outside', chdir('/'))],
  }
}
