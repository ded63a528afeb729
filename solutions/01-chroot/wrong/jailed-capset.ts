// exercise: jailed
// wrong: gives the right up, and root gets it back with the next execve
// score: 4
// says: the program can make a second chroot
import { because, capset, chdir, chroot, closeOnExecFrom, type Isolation } from '@pocker/syscalls'

/** @param root the path of a directory, which any user may enter */
export function jailed(root: string): Isolation {
  return {
    name: 'jailed',
    child: [
      because('an open directory would be a way out', closeOnExecFrom(3)),
      chroot(root),
      because('and so would be the working directory', chdir('/')),
      because('and a second chroot', capset({ effective: [], permitted: [], inheritable: [] })),
    ],
  }
}
