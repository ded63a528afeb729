// A control group for a container: made outside, on the machine's real tree, and seen by the sandbox as a tree of its own.
//
//   groupTree()                        → where the sandbox has its hierarchies, and with which controllers
//   run(isolation, { groups: { name: 'box', files: ['/sys/fs/cgroup/box/pids.max'] } })
//
// In the sandbox, /sys/fs/cgroup is /pocker/grade-…: the root of its cgroup namespace, and bound at the machine's own places.
// Not every machine has both versions. What one lacks can be a plain file below /tmp, which shows what was written to it.
//
// Invariant: the sandbox owns those files only that an exercise names, all of them below its own group; when look() has
// ended, the group is gone. What a file holds is read outside, through the kernel's tree or a descriptor opened before.
import { randomBytes } from 'node:crypto'
import { chownSync, closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canSet, findTree, get, prepare, remove, roots, type Group, type Tree } from '@pocker/cgroup'
import { CLONE_NEWCGROUP, CLONE_NEWUSER, close, O_CLOEXEC, O_RDONLY, open, read, visit } from '@pocker/syscalls'
import { limit, PARENT, pathOf } from './fence.ts'
import { readIf } from './status.ts'
import { Lacks } from './verdict.ts'

export interface GroupsAsked {
  /** The container's group: a directory of that name in each hierarchy of the sandbox. Without it there are plain files only. */
  readonly name?: string
  /** Paths in the sandbox, which the answer may write to. Plain files, if they are below /tmp. */
  readonly files: readonly string[]
  /** What real ones of them hold before, if not what a new group has. */
  readonly preset?: Readonly<Record<string, string>>
}

/** Paths by hierarchy: the controllers of version 1, `unified` for version 2. */
type Memberships = Readonly<Record<string, string>>

export interface Groups {
  /** Where the container is, below the sandbox's own group. */
  readonly own: Memberships
  /** The same, as the container's cgroup namespace shows it. */
  readonly shown: Memberships
  /** How many of its processes were killed because it had no more memory; 0 where nobody counts, or where no file is asked for. */
  readonly kills: number
  /** What the files hold, by their paths. */
  readonly files: Readonly<Record<string, string>>
}

/** What the sandbox mounts and makes for them. */
export interface GroupFrame {
  /** A directory of the machine, and where it is in the sandbox. */
  readonly binds: readonly (readonly [from: string, at: string])[]
  readonly plain: readonly string[]
}

export const NO_GROUPS: Groups = { own: {}, shown: {}, kills: 0, files: {} }

/** Bytes that are read of a file. */
const MOST = 4096
const isPlain = (path: string): boolean => path.startsWith('/tmp/')

/**
 * @param file of version 2 that is to be written: its controller must be there
 * @throws {Lacks} if this machine has no groups, or no right to make them
 */
export function groupTree(file?: string): Tree {
  if (process.geteuid?.() !== 0) throw new Lacks('this user may make no control groups: run the grader as root')
  const tree = findTree()
  if (roots(tree).length === 0) throw new Lacks('this machine has no control groups (/sys/fs/cgroup is not mounted)')
  try {
    prepare(tree, PARENT)
  } catch (error) {
    throw new Lacks(`this machine lets nobody make control groups: ${(error as Error).message}`, { cause: error })
  }
  const controller = file?.split('.')[0]
  if (controller !== undefined && !tree.controllers.includes(controller) && tree.v1[controller] === undefined) {
    throw new Lacks(`this machine's control groups have no ${controller} controller`)
  }
  return tree
}

/**
 * The life of a sandbox's group.
 * @param owner root of the sandbox, outside: nobody's, so that the machine's files are closed to it
 * @throws {Lacks}
 */
export function grouping({ name, files, preset = {} }: GroupsAsked, owner: number) {
  const tree = name === undefined ? undefined : groupTree()
  const sandbox: Group | undefined = tree && { tree, path: pathOf(randomBytes(8).toString('hex')) }
  const [plain, real] = [files.filter(isPlain), files.filter((file) => !isPlain(file))]
  const opened = new Map<string, number>()
  const outside = (root: string, path: string): string => join(root, sandbox?.path ?? '', path.slice(root.length))
  for (const root of tree ? roots(tree) : []) mkdirSync(outside(root, root))
  if (sandbox) limit(sandbox)
  const frame: GroupFrame = { binds: tree ? roots(tree).map((root) => [outside(root, root), root]) : [], plain }

  return {
    frame,
    /** Before PID 1 makes its cgroup namespace. */
    enter(pid: number): void {
      for (const [directory] of frame.binds) writeFileSync(join(directory, 'cgroup.procs'), String(pid))
    },
    /** When the sandbox is built, and before the answer's first step. */
    open(pid: number): void {
      for (const file of plain) opened.set(file, openSync(`/proc/${pid}/root${file}`, constants.O_RDONLY | constants.O_NOFOLLOW))
      if (!sandbox || name === undefined) return
      // Hands controllers down, for which version 2 wants the sandbox's processes in a leaf.
      if (real.length > 0) prepare(sandbox.tree, sandbox.path)
      for (const [directory] of frame.binds) {
        mkdirSync(join(directory, name))
        for (const file of ['cgroup.procs', `${name}/cgroup.procs`]) chownSync(join(directory, file), owner, owner)
      }
      for (const [file, value] of Object.entries(preset)) writeFileSync(place(file), value)
      for (const file of real) chownSync(place(file), owner, owner)
    },
    seen(pid: number, sandboxPid: number): Groups {
      const shown = visit([[`/proc/${sandboxPid}/ns/user`, CLONE_NEWUSER], [`/proc/${pid}/ns/cgroup`, CLONE_NEWCGROUP]], [
        { ...open(`/proc/${pid}/cgroup`, O_RDONLY | O_CLOEXEC), as: 'cgroup' },
        read({ resultOf: 'cgroup' }, MOST), close({ resultOf: 'cgroup' }),
      ])[1]
      const own = Object.entries(memberships(readIf(`/proc/${pid}/cgroup`))).map(([key, path]) => [key, below(path, sandbox?.path)])
      return {
        own: Object.fromEntries(own) as Memberships,
        kills: sandbox && real.length > 0 ? killed({ ...sandbox, path: join(sandbox.path, name ?? '') }) : 0,
        shown: memberships((shown?.outs[0] ?? Buffer.alloc(0)).toString('utf8', 0, Number(shown?.value ?? 0))),
        files: Object.fromEntries([...real.map((file) => [file, readFileSync(place(file), 'utf8').trim()]),
          ...[...opened].map(([file, fd]) => [file, held(fd)])]) as Readonly<Record<string, string>>,
      }
    },
    async close(): Promise<void> {
      for (const fd of opened.values()) closeSync(fd)
      if (sandbox) await remove(sandbox)
    },
  }

  function place(file: string): string {
    const root = roots(tree as Tree).find((one) => file.startsWith(`${one}/`))
    if (root === undefined) throw new Error(`groups: expected a file below ${roots(tree as Tree).join(', ')}, got ${file}`)
    return outside(root, file)
  }
}

const killed = (group: Group): number =>
  (canSet(group.tree, 'memory.max') ? Number(get(group, 'memory.events')['oom_kill'] ?? 0n) : 0)

/** @param text such as `4:memory:/pocker/a\n0::/pocker/a\n` */
function memberships(text: string): Memberships {
  return Object.fromEntries(text.trim().split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers.startsWith('name=')) return []
    return (controllers || 'unified').split(',').map((controller) => [controller, path])
  }))
}

/** The machine's own tree may begin above what this process sees. */
function below(path: string, sandbox = ''): string {
  const at = path.indexOf(sandbox)
  return at < 0 ? '(outside)' : path.slice(at + sandbox.length) || '/'
}

function held(fd: number): string {
  const bytes = Buffer.alloc(Math.min(MOST, fstatSync(fd).size))
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)).trim()
}
