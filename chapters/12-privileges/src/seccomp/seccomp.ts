// The filter in a container: the kernel holds every system call from here on against it, in all programs that follow.
//
//   seccomp({ profile, noNewPrivileges: true })   → the isolation
//   filtered(command(…), seccomp(…))              → the command, with the filter on right before its execve
//
// A filter never comes off again, and it holds for the steps behind it, too. So it belongs at the end: as filtered() has
// it, a profile needs to allow only execve for the program to start. runc has it there as well.
// Invariant: the filter is bytes in the plan, compiled for one machine; elsewhere it would end the process at once.
import {
  because, machine, noNewPrivileges as neverMorePrivileges, SECCOMP_FILTER_FLAG, setSeccompFilter, type Isolation, type Machine,
} from '@pocker/syscalls'
import { toBytes } from './assemble.ts'
import { compile } from './compile.ts'
import type { FilterFlag, Seccomp } from './profile.ts'

export interface SeccompSpec {
  readonly profile: Seccomp
  /** Without it, a filter takes CAP_SYS_ADMIN: it could confuse a setuid program. */
  readonly noNewPrivileges: boolean
}

/** As runc: a filter is no reason to slow the container down against Spectre v4, as the kernel did before 5.16. */
const DEFAULT_FLAGS: readonly FilterFlag[] = ['SECCOMP_FILTER_FLAG_SPEC_ALLOW']

/**
 * @throws {SpecError} if the filter is too long for the kernel
 * @see seccomp(2)
 */
// region seccomp
export function seccomp({ profile, noNewPrivileges }: SeccompSpec, on: Machine = machine()): Isolation {
  const flags = (profile.flags ?? DEFAULT_FLAGS).reduce((bits, flag) => bits | Number(SECCOMP_FILTER_FLAG[flag]), 0)
  const filter = toBytes(compile(profile, on))
  return {
    name: 'seccomp',
    child: [
      ...(noNewPrivileges ? [because('then no capability is needed for a filter', neverMorePrivileges())] : []),
      because('from here on, each call is held against the profile', setSeccompFilter(flags, filter)),
    ],
  }
}
// endregion

/** @returns the command with the filter's steps right before its first execve */
export function filtered(command: Isolation, filter: Isolation): Isolation {
  const steps = command.child ?? []
  const start = steps.findIndex(({ call }) => call === 'execve' || call === 'execveat')
  return { ...command, child: [...steps.slice(0, start), ...(filter.child ?? []), ...steps.slice(start)] }
}
