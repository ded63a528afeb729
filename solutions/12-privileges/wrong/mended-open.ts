// exercise: mended
// wrong: leaves the program open for writing, and so nobody can execute it
// score: 6
// says: to run, and it does not
import {
  because, chdir, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, MNT_DETACH, mount,
  MS_BIND, MS_PRIVATE, MS_REC, O_CLOEXEC, O_CREAT, O_WRONLY, open, pivot_root, setsid, umount2, write, type Isolation,
} from '@pocker/syscalls'

interface Program { readonly name: string; readonly text: string }

const O_TRUNC = 0o1000

/** @param root the path of a directory, which is no mount */
export function mended(root: string, { name, text }: Program): Isolation {
  return {
    name: 'mended',
    flags: CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP,
    before: [
      { ...open(`${root}/exe/${name}`, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755), as: 'exe' },
      write({ resultOf: 'exe' }, text),
    ],
    child: [
      because('Ctrl-C comes from the parent', setsid()),
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(root, root, null, MS_BIND | MS_REC, null),
      chdir(root),
      because('nothing is left above the root', pivot_root('.', '.')),
      umount2('.', MNT_DETACH),
      chdir('/'),
    ],
  }
}
