// exercise: readonlyBind
// wrong: mounts a new file system in place of the source
// score: 4
// says: got another file system
import { CLONE_NEWNS, mount, MS_PRIVATE, MS_RDONLY, MS_REC, type Isolation } from '@pocker/syscalls'

export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  return {
    name: 'readonly bind',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(source, target, 'tmpfs', MS_RDONLY, null),
    ],
  }
}
