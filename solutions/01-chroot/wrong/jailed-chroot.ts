// exercise: jailed
// wrong: leaves the program the right to call chroot
// score: 4
// says: the program can make a second chroot
import { because, chdir, chroot, closeOnExecFrom, type Isolation } from '@pocker/syscalls'

/** @param root the path of a directory, which any user may enter */
export function jailed(root: string): Isolation {
  return {
    name: 'jailed',
    child: [
      because('an open directory would be a way out', closeOnExecFrom(3)),
      chroot(root),
      because('and so would be the working directory', chdir('/')),
    ],
  }
}
