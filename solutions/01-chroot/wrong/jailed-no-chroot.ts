// exercise: jailed
// wrong: only goes to the directory
// score: 5
// says: / is still another directory
import { because, chdir, closeOnExecFrom, dropBounding, type Isolation } from '@pocker/syscalls'

const CAP_SYS_CHROOT = 18

/** @param root the path of a directory, which any user may enter */
export function jailed(root: string): Isolation {
  return {
    name: 'jailed',
    child: [
      because('an open directory would be a way out', closeOnExecFrom(3)),
      because('and so would be the working directory', chdir(root)),
      because('and a second chroot', dropBounding(CAP_SYS_CHROOT)),
    ],
  }
}
