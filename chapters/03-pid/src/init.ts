// An init: a process 1 that does its duty, and runs the program as its child.
//
//   const { held, execute } = init(findInit())
//   plan([held, chroot(…), command({ argv, execute })])
//
// Process 1 has two duties that programs do not expect. It inherits every orphan and must wait for it, or the dead stay as
// zombies. And the kernel gives it no default action for signals: what it does not handle is ignored.
// Invariant: the container never holds the host's file. It gets a sealed copy in memory, so writing to /proc/1/exe, the way
// of CVE-2019-5736, changes nothing outside.
import { accessSync, constants } from 'node:fs'
import {
  addSeals, because, execveat, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, memfd_create, MFD_ALLOW_SEALING,
  MFD_CLOEXEC, O_CLOEXEC, O_RDONLY, open, sendfile, SpecError, type Command, type Isolation,
} from '@pocker/syscalls'

/** Debian's package tini has a static one, which needs no library of the container's. */
const CANDIDATES = ['/usr/bin/tini-static', '/sbin/docker-init', '/usr/libexec/docker/docker-init']
/** More than any init has, in bytes. */
const LARGEST = 16 * 1024 * 1024

/** @throws {SpecError} if none is installed */
export function findInit(candidates: readonly string[] = CANDIDATES): string {
  const found = candidates.find(isExecutable)
  if (!found) throw new SpecError(`init: expected Debian's tini (${candidates[0]}), found none; try: apt-get install tini`)
  return found
}

/** Two parts: the copy is made while the host's files are in sight, and executed at the very end. */
export interface Init { readonly held: Isolation; readonly execute: NonNullable<Command['execute']> }

/** @param path of a static init that takes `-- PROGRAM ARG…`. @see memfd_create(2), tini(1) */
// region init
export function init(path: string): Init {
  const seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
  return {
    held: {
      name: 'init',
      child: [
        because('the host\'s init', { ...open(path, O_RDONLY | O_CLOEXEC), as: 'file' }),
        { ...memfd_create('init', MFD_CLOEXEC | MFD_ALLOW_SEALING), as: 'init' },
        because('a copy: the host\'s own file is never inside', sendfile({ resultOf: 'init' }, { resultOf: 'file' }, LARGEST)),
        because('that nobody can change', addSeals({ resultOf: 'init' }, seals)),
      ],
    },
    execute: (argv, envp) => because('become the init, which runs the program',
      execveat({ resultOf: 'init' }, ['init', '--', ...argv], envp)),
  }
}
// endregion

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
