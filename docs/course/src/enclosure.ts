// The container in which a lesson runs: the machine as it is, and nothing that is done to it stays.
//
//   enclosure({ repository, needs: 'root', foreign: foreignFiles() })   → the isolations, without the command
//
// The file system is an overlay over the host's: what is written goes to a tmpfs that only this mount namespace has.
// The network is the host's, so that packages can be fetched.
//
// Invariant: files, mounts, names and processes end with the container. Root inside is root, though: what no namespace
// and no overlay covers (/sys, sysctls, the clock) is the lesson's own responsibility.
import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  because, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, chdir, foreground, mayFail, mkdir, MNT_DETACH, mount,
  MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, noGroups, O_CLOEXEC, O_CREAT,
  open, pivot_root, setresgid, setresuid, umount2, type Isolation, type Syscall,
} from '@pocker/syscalls'
import type { Needs } from './lesson.ts'

/** The user and group `nobody`. */
const NOBODY = 65534
/** Covered by the stage in the container's mount namespace only; any directory that every Linux has would do. */
const STAGE = '/tmp'
const ROOT = `${STAGE}/root`
/** Where the tool keeps root's images. Those of this machine are its own: overlayfs cannot show them on top of itself. */
const STORE = '/var/lib/pocker'

export interface Enclosure {
  /** An absolute path, seen under the same name inside, wherever it is mounted. */
  readonly repository: string
  readonly needs: Needs
  /** Files of other file systems that are to be seen inside, read-only. */
  readonly foreign: readonly string[]
}

/** Complete but for the command. foreground() comes last: a change of user forgets the parent-death signal. */
export function enclosure({ repository, needs, foreign }: Enclosure): Isolation[] {
  return [fileSystem(repository, foreign), ...(needs === 'root' ? [] : [unprivileged()]), foreground()]
}

function fileSystem(repository: string, foreign: readonly string[]): Isolation {
  return {
    name: 'lesson',
    flags: CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWIPC,
    child: [
      because('no mount goes back to the machine', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      because('it is found again even if the stage covers its path', chdir(repository)),
      because('what the lesson writes is kept here', mount('tmpfs', STAGE, 'tmpfs', 0, 'mode=755')),
      mkdir(ROOT, 0o755),
      ...overlay('machine', '/', ROOT),
      mount('proc', `${ROOT}/proc`, 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null),
      mount('/sys', `${ROOT}/sys`, null, MS_BIND | MS_REC, null),
      mount('/dev', `${ROOT}/dev`, null, MS_BIND | MS_REC, null),
      because('devices work, and none is made',
        mount(null, `${ROOT}/dev`, null, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, null)),
      mayFail(mount('tmpfs', `${ROOT}/dev/shm`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777')),
      mount('tmpfs', `${ROOT}/tmp`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777'),
      mount('tmpfs', `${ROOT}/run`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=755'),
      ...directories(`${ROOT}${STORE}`),
      because('no image yet, whoever has used pocker on this machine', mount('tmpfs', `${ROOT}${STORE}`, 'tmpfs', 0, 'mode=755')),
      ...foreign.flatMap(bindReadOnly),
      ...directories(`${ROOT}${repository}`),
      ...overlay('repository', '.', `${ROOT}${repository}`), // whatever file system it lies on
      chdir(ROOT),
      pivot_root('.', '.'),
      because('the machine\'s own root lies on top; away with it', umount2('.', MNT_DETACH)),
      chdir('/'),
    ],
  }
}

/** @param name of the two directories on the stage @param lower what is shown until it is changed */
function overlay(name: string, lower: string, target: string): Syscall[] {
  const [upper, work] = [`${STAGE}/${name}`, `${STAGE}/${name}.work`]
  return [
    mkdir(upper, 0o755),
    mkdir(work, 0o755),
    mount('overlay', target, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`),
  ]
}

function bindReadOnly(file: string): Syscall[] {
  const target = `${ROOT}${file}`
  return [
    ...directories(dirname(target)),
    mayFail(open(target, O_CREAT | O_CLOEXEC, 0o644)),
    mount(file, target, null, MS_BIND, null),
    mount(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY, null),
  ]
}

/** mkdir -p below the new root */
function directories(path: string): Syscall[] {
  const parts = path.slice(ROOT.length).split('/').filter(Boolean)
  return parts.map((_, i) => mayFail(mkdir(`${ROOT}/${parts.slice(0, i + 1).join('/')}`, 0o755)))
}

const unprivileged = (): Isolation =>
  ({ name: 'user', child: [noGroups(), setresgid(NOBODY), setresuid(NOBODY)] })

/** What resolves names, where it is mounted on its own (in a container) or lies on /run (systemd-resolved). */
export function foreignFiles(files: readonly string[] = ['/etc/resolv.conf', '/etc/hosts']): string[] {
  const root = statSync('/').dev
  return files.filter((file) => existsSync(file)).map((file) => realpathSync(file))
    .filter((file) => statSync(file).dev !== root)
}
