// exercise: jailed
// wrong: leaves open what the caller had open
// score: 4
// says: a directory that the caller had open leads out
import { because, chdir, chroot, dropBounding, type Isolation } from '@pocker/syscalls'

const CAP_SYS_CHROOT = 18

/** @param root the path of a directory, which any user may enter */
export function jailed(root: string): Isolation {
  return {
    name: 'jailed',
    child: [
      chroot(root),
      because('and so would be the working directory', chdir('/')),
      because('and a second chroot', dropBounding(CAP_SYS_CHROOT)),
    ],
  }
}
