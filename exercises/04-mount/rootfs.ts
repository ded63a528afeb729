// What the checks of this chapter give an answer to work on.
//
//   rootfs('/tmp/box')   → steps of the sandbox's that make a root file system there
//
// Invariant: the directory is no mount, and nothing is mounted below it.
import { close, mkdir, O_CLOEXEC, O_CREAT, O_RDONLY, O_WRONLY, open, sendfile, type Syscall } from '@pocker/syscalls'

/** More than any busybox has. */
const MOST = 8 * 1024 * 1024

/** Just enough for the grader's probe: a shell. */
export function rootfs(root: string): Syscall[] {
  const [from, to] = [{ resultOf: 'from' }, { resultOf: 'to' }]
  return [
    mkdir(root, 0o755), mkdir(`${root}/bin`, 0o755),
    { ...open('/bin/busybox', O_RDONLY | O_CLOEXEC), as: 'from' },
    { ...open(`${root}/bin/sh`, O_CREAT | O_WRONLY | O_CLOEXEC, 0o755), as: 'to' },
    sendfile(to, from, MOST), close(to), close(from),
  ]
}
