// exercise: readonlyBind
// wrong: makes the whole file system read-only, and with it the source
// score: 4
// says: the source has become read-only as well
import {
  CLONE_NEWNS, mount, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, type Isolation,
} from '@pocker/syscalls'

export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  return {
    name: 'readonly bind',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(source, target, null, MS_BIND, null),
      mount(null, target, null, MS_REMOUNT | MS_RDONLY, null),
    ],
  }
}
