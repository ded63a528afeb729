// A directory of the machine's, shown to the container, and not to be changed by it.
import {
  CLONE_NEWNS, mount, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, type Isolation,
} from '@pocker/syscalls'

/** @param spec both are directories */
export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  return {
    name: 'readonly bind',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount(source, target, null, MS_BIND, null),
      mount(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null),
    ],
  }
}
