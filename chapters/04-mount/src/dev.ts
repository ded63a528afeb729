// /dev: the few devices that every program expects, and no other.
//
//   devices('dev')   → steps that fill a tmpfs which is not attached yet
//
// Invariant: the devices are made in a file system that nothing else can reach: no link in the image leads a mknod astray.
import { because, mkdeviceAt, mkdirAt, symlinkAt, type Fd, type Syscall } from '@pocker/syscalls'
import { attach, bind, target } from './attach.ts'
import { parseOptions } from './options.ts'

/** @see OCI runtime spec, config-linux.md, "Default Devices" */
export const DEVICES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  null: [1, 3], zero: [1, 5], full: [1, 7], random: [1, 8], urandom: [1, 9], tty: [5, 0],
}
/** @see OCI runtime spec, runtime-linux.md, "Dev symbolic links"; pts(4) for ptmx */
export const LINKS: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2', ptmx: 'pts/ptmx',
}
/** Places for further mounts. */
const DIRECTORIES = ['pts', 'shm', 'mqueue']

/** @param mount the name of the step that made the tmpfs. The umask must be 0. */
// region devices
export function devices(mount: string): Syscall[] {
  const dev: Fd = { resultOf: mount }
  return Object.entries(DEVICES).map(([name, [major, minor]]) =>
    because(`/dev/${name}`, mkdeviceAt(dev, name, 0o666, major, minor)))
}
// endregion

/** What else is in it: directories for further mounts, and links. */
// region places
export function places(mount: string): Syscall[] {
  const dev: Fd = { resultOf: mount }
  return [
    ...DIRECTORIES.map((name) => mkdirAt(dev, name, 0o755)),
    ...Object.entries(LINKS).map(([name, to]) => symlinkAt(to, dev, name)),
  ]
}
// endregion

/** The host's own, one by one, for whoever may not make any. They come when /dev is attached. */
export function boundDevices(): Syscall[] {
  return Object.keys(DEVICES).flatMap((name) => {
    const [path, copy, place] = [`/dev/${name}`, `device ${name}`, `place ${name}`]
    return [
      ...bind(copy, path, parseOptions(['bind'])), ...target(place, path, 'file'),
      because(`the host's ${path}: who owns no devices may not make any`, attach(copy, place)),
    ]
  })
}
