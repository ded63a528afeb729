// A directory of the machine's, shown to the container, and not to be changed by it.
import {
  CLONE_NEWNS, mount, MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, type Isolation,
} from '@pocker/syscalls'

/** @param spec both are directories */
export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  // step: a mount table of its own, and private before anything is mounted
  return {
    name: 'readonly bind',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      // step: the bind. MS_RDONLY here would be ignored: the kernel takes it only when it changes a mount
      mount(source, target, null, MS_BIND, null),
      // step: so change it. Without MS_BIND the whole file system would become read-only, the source too
      mount(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null),
    ],
  }
}
