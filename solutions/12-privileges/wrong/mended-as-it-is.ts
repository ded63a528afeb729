// exercise: mended
// wrong: mends nothing
// score: 0
// says: a process climbed out of the root
import {
  chdir, chroot, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, close, mayFail, O_CLOEXEC, O_CREAT,
  O_WRONLY, open, write, type Isolation,
} from '@pocker/syscalls'

interface Program { readonly name: string; readonly text: string }

export function mended(root: string, { name, text }: Program): Isolation {
  return {
    name: 'the Go program',
    flags: CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET,
    before: [
      mayFail({ ...open(`${root}/exe/${name}`, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755), as: 'exe' }),
      mayFail(write({ resultOf: 'exe' }, text)),
      mayFail(close({ resultOf: 'exe' })),
    ],
    child: [chroot(root), chdir('/')],
  }
}
