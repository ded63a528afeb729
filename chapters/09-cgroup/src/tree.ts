// Where this machine keeps its cgroups: one tree (version 2), one hierarchy for each controller (version 1), or both.
//
//   findTree()   → { unified: '/sys/fs/cgroup', controllers: ['cpu', 'memory', …], v1: {} }
//                → { unified: '/sys/fs/cgroup/unified', controllers: [], v1: { memory: '/sys/fs/cgroup/memory', … } }
//
// Invariant: read from the kernel's own tables, never guessed from the name of a distribution. A controller is in one place
// only: where it sits in a v1 hierarchy, the unified tree does not have it.
import { existsSync, readFileSync } from 'node:fs'

/** Those that a container has limits or figures of. @see cgroups(7) */
const CONTROLLERS = new Set(['cpu', 'cpuacct', 'cpuset', 'memory', 'pids', 'io', 'blkio', 'devices', 'freezer'])

export interface Tree {
  /** Where version 2 is mounted, if it is. */
  readonly unified?: string
  /** The controllers that version 2 has. */
  readonly controllers: readonly string[]
  /** Where each controller of version 1 is mounted. */
  readonly v1: Readonly<Record<string, string>>
  /** What this machine has, as a list such as 0-3: a new v1 cpuset is empty, and takes nobody until it is filled. */
  readonly cpus: string
  readonly mems: string
  /** Whether swap can be limited. */
  readonly swap: boolean
}

/** The mounts of a tree. Pure. @param mountinfo of a process. @see proc_pid_mountinfo(5) */
// region mounts
export function parseMounts(mountinfo: string): Pick<Tree, 'unified' | 'v1'> {
  let unified: string | undefined
  const v1: Record<string, string> = {}
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [target = '', [type, , options = '']] = [before.split(' ')[4], after.split(' ')] as const
    if (type === 'cgroup2') unified ??= target
    if (type !== 'cgroup') continue
    for (const name of options.split(',')) if (CONTROLLERS.has(name)) v1[name] ??= target
  }
  return { ...(unified !== undefined && { unified }), v1 }
}
// endregion

/** @returns what this process sees */
export function findTree(): Tree {
  const { unified, v1: all } = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'))
  // Something may be mounted over them.
  const v1 = Object.fromEntries(Object.entries(all).filter(([, root]) => existsSync(`${root}/cgroup.procs`)))
  const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '')
  const cpuset = v1['cpuset'] ?? unified ?? ''
  const suffix = v1['cpuset'] === undefined ? '.effective' : ''
  return {
    ...(unified !== undefined && { unified }), v1,
    controllers: text(`${unified}/cgroup.controllers`).split(' ').filter(Boolean),
    cpus: text(`${cpuset}/cpuset.cpus${suffix}`) || text('/sys/devices/system/cpu/online'),
    mems: text(`${cpuset}/cpuset.mems${suffix}`) || '0',
    swap: v1['memory'] === undefined ? existsSync('/proc/swaps') : existsSync(`${v1['memory']}/memory.memsw.limit_in_bytes`),
  }
}

/** @returns where groups are made: the unified tree first, then each v1 hierarchy once, though it may hold two controllers */
export const roots = ({ unified, v1 }: Tree): string[] => [...new Set([...(unified ? [unified] : []), ...Object.values(v1)])]
