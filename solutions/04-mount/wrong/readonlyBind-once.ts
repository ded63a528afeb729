// exercise: readonlyBind
// wrong: asks for both at once; the kernel looks at MS_BIND only
// score: 3
// says: is writable
import { CLONE_NEWNS, mount, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, type Isolation } from '@pocker/syscalls'

export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  return {
    name: 'readonly bind',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(source, target, null, MS_BIND | MS_RDONLY, null),
    ],
  }
}
