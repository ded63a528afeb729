// exercise: readonlyBind
// wrong: forgets the flag
// score: 4
// says: CLONE_NEWNS is missing: the mount was made on the machine
import { mount, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, type Isolation } from '@pocker/syscalls'

export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  return {
    name: 'readonly bind',
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(source, target, null, MS_BIND, null),
      mount(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null),
    ],
  }
}
