// exercise: mended
// wrong: changes the root of the process, not of the table
// score: 5
// says: a process climbed out of the root
import {
  because, chdir, chroot, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, close,
  O_CLOEXEC, O_CREAT, O_WRONLY, open, setsid, write, type Isolation,
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
      close({ resultOf: 'exe' }),
    ],
    child: [
      because('Ctrl-C comes from the parent', setsid()),
      chroot(root),
      chdir('/'),
    ],
  }
}
