// exercise: readonlyBind
// wrong: leaves the mounts shared
// score: 4
// says: the mount went out to the machine
import { CLONE_NEWNS, mount, MS_BIND, MS_RDONLY, MS_REMOUNT, type Isolation } from '@pocker/syscalls'

export function readonlyBind({ source, target }: { source: string; target: string }): Isolation {
  return {
    name: 'readonly bind',
    flags: CLONE_NEWNS,
    child: [
      mount(source, target, null, MS_BIND, null),
      mount(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null),
    ],
  }
}
