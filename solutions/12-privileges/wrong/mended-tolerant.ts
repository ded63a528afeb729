// exercise: mended
// wrong: passes over the errors
// score: 5
// says: the program could not be written, and the container started
import {
  because, chdir, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, close, mayFail, MNT_DETACH,
  mount, MS_BIND, MS_PRIVATE, MS_REC, O_CLOEXEC, O_CREAT, O_WRONLY, open, pivot_root, setsid, umount2, write, type Isolation,
} from '@pocker/syscalls'

interface Program { readonly name: string; readonly text: string }

const O_TRUNC = 0o1000

/** @param root the path of a directory, which is no mount */
export function mended(root: string, { name, text }: Program): Isolation {
  return {
    name: 'mended',
    flags: CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP,
    before: [
      mayFail({ ...open(`${root}/exe/${name}`, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755), as: 'exe' }),
      mayFail(write({ resultOf: 'exe' }, text)),
      mayFail(close({ resultOf: 'exe' })),
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
