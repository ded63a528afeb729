// A container's cgroup: made by the parent, joined by the child, and seen by nothing inside but itself.
//
//   cgroup(group, { namespace: 'private' })   → the isolation
//
// The child is born in its group of version 2, and enters those of version 1; then it makes its cgroup namespace: whoever makes
// one stands at its root. As a flag of clone3 it would come too early, and the root would be the parent's group.
// None of this makes the kernel wait. Writing to `cgroup.procs` would: it moves a process with all its threads, and none may be
// made meanwhile, so every processor is waited for, 5 to 20 ms. `tasks` moves the one thread that writes.
// Invariant: comes before all isolations that set limits, and before user(): the files belong to the host's root.
import { join } from 'node:path'
import {
  because, CLONE_NEWCGROUP, close, mayFail, mkdir, O_CLOEXEC, O_WRONLY, open, rmdir, unshare, write, type Isolation, type Syscall,
} from '@pocker/syscalls'
import { put, type Group, type Limits } from './files.ts'
import { roots } from './tree.ts'

export interface CgroupSpec {
  readonly namespace: 'private' | 'host'
  /** Who takes the group away: the plan, or the caller, who may want to read its figures first. The plan if it is not said. */
  readonly removedBy?: 'plan' | 'caller'
}

/** @see cgroups(7), cgroup_namespaces(7) */
// region cgroup
export function cgroup(group: Group, { namespace, removedBy = 'plan' }: CgroupSpec): Isolation {
  const { unified, ...others } = group.tree
  const inTree = (root: string): string => join(root, group.path)
  return {
    name: 'cgroup',
    ...(unified !== undefined && { cgroup: inTree(unified) }),
    needs: roots(group.tree).map(inTree).map((path) => ({
      name: 'cgroup',
      make: [because('a group of its own', mkdir(path, 0o755))],
      // What the container leaves running keeps its group: remove() of group.ts ends it, and takes the group away.
      undo: removedBy === 'plan' ? [mayFail(rmdir(path), 'EBUSY', 'ENOENT')] : [],
    })),
    child: [
      ...(unified === undefined ? [] : [because('it was born in it', close({ resultOf: inTree(unified) }))]),
      ...roots(others).map(inTree).flatMap(enter),
      ...(namespace === 'private' ? [ownRoot()] : []),
    ],
  }
}
// endregion

const ownRoot = (): Syscall => because('its group is its root: it sees no other', unshare(CLONE_NEWCGROUP))

/** The namespace without a group: the caller's own group is the root then. For whoever may make no groups. */
export const cgroupNamespace = (): Isolation => ({ name: 'cgroup', child: [ownRoot()] })

/** `0` stands for the thread that writes; this process has one. */
// region enter
function enter(directory: string): Syscall[] {
  const tasks = join(directory, 'tasks')
  return [
    { ...open(tasks, O_WRONLY | O_CLOEXEC), as: tasks },
    because('this process, and all its children', write({ resultOf: tasks }, '0')),
    close({ resultOf: tasks }),
  ]
}
// endregion

/** Limits as an isolation, under the name of the chapter that sets them. They are in force before anybody is in the group. */
export function limited(name: string, group: Group, limits: Limits): Isolation {
  const make = put(group, limits)
  return make.length > 0 ? { name, needs: [{ name, make, undo: [] }] } : { name }
}

/** @param max processes and threads at once; 0 and -1 stand for any number, as in Docker */
export function pids(group: Group, max: number): Isolation {
  return limited('pids', group, { 'pids.max': max > 0 ? String(max) : 'max' })
}
