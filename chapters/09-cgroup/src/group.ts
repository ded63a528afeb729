// What is done to a group as a whole: prepare its parent, count, freeze, kill, remove.
//
//   prepare(tree, '/pocker')   → the parent of all groups, with the controllers handed down
//   freeze(group, true)        → stops every process in it
//   await remove(group)        → ends what is left in it, and takes it away
//
// Invariant: only groups below one of our own are ever made or removed.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { SpecError } from '@pocker/syscalls'
import type { Group } from './files.ts'
import { roots, type Tree } from './tree.ts'

/** @returns whether this process may make groups: in every hierarchy, for a container is in all of them */
export function mayMakeGroups(tree: Tree): boolean {
  try {
    for (const root of roots(tree)) accessSync(root, constants.W_OK)
    return roots(tree).length > 0
  } catch {
    return false
  }
}

/** Controllers that a parent hands down to its children. */
const HANDED_DOWN = ['cpu', 'cpuset', 'memory', 'pids', 'io']

/**
 * Makes a group that holds others. It holds no process itself: version 2 gives limits to leaves only.
 * @throws {SpecError} if this process may not
 */
export function prepare(tree: Tree, path: string): void {
  try {
    for (const root of roots(tree)) mkdirSync(join(root, path), { recursive: true })
    const parts = path.split('/').filter(Boolean)
    const cpuset = tree.v1['cpuset']
    if (cpuset !== undefined) fillCpusets(cpuset, parts)
    if (tree.unified) for (let n = 0; n <= parts.length; n++) handDown(tree, `/${parts.slice(0, n).join('/')}`)
  } catch (error) {
    const { code = '', path: file = path } = error as NodeJS.ErrnoException
    if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error
    throw new SpecError(`cgroup: expected a tree that this user may write to, got ${code} at ${file}; try sudo`, { cause: error })
  }
}

/** A v1 cpuset begins empty and takes nobody, or as its parent's, if that says so: those made in the last one are to. */
function fillCpusets(root: string, parts: readonly string[]): void {
  const content = (n: number, file: string): string => readFileSync(join(root, ...parts.slice(0, n), file), 'utf8').trim()
  const write = (n: number, file: string, value: string): void => writeFileSync(join(root, ...parts.slice(0, n), file), value)
  for (let n = 1; n <= parts.length; n++) {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) if (content(n, file) === '') write(n, file, content(n - 1, file))
  }
  if (content(parts.length, 'cgroup.clone_children') !== '1') write(parts.length, 'cgroup.clone_children', '1')
}

// region handDown
function handDown(tree: Tree, path: string): void {
  const { controllers, unified = '' } = tree
  const file = join(unified, path, 'cgroup.subtree_control')
  const already = readFileSync(file, 'utf8').trim().split(' ')
  const missing = HANDED_DOWN.filter((name) => controllers.includes(name) && !already.includes(name))
  if (missing.length === 0) return
  const value = missing.map((name) => `+${name}`).join(' ')
  try {
    writeFileSync(file, value)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    if (path !== '/') throw occupied({ tree, path })
    moveAside(unified) // the root of a cgroup namespace looks like a root, and is a group like any other
    writeFileSync(file, value)
  }
}
// endregion

const occupied = (group: Group): SpecError => new SpecError(
  `cgroup: expected a group without processes of its own, got ${group.path} with ${processes(group).length}; `
  + 'version 2 gives limits to leaves alone')

/** No process may be in a group that hands controllers down: they all go to a leaf beside. */
function moveAside(directory: string): void {
  const leaf = join(directory, 'pocker-aside')
  mkdirSync(leaf, { recursive: true })
  for (const pid of readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
    try {
      writeFileSync(join(leaf, 'cgroup.procs'), pid)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it has ended meanwhile
    }
  }
}

/** @returns the processes of a group, as this PID namespace numbers them; none if there is no such group */
export function processes({ tree, path }: Group): number[] {
  const root = tree.unified ?? roots(tree)[0] ?? ''
  return textOf(join(root, path, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)
}

/** Of the group, and of those that the container made below it. The members of a threaded one are listed above it already. */
export function allProcesses(group: Group): number[] {
  try {
    return [...processes(group), ...below(group).flatMap((name) => allProcesses({ ...group, path: join(group.path, name) }))]
  } catch (error) {
    if (['ENOTSUP', 'ENOENT', 'ENODEV'].includes(String((error as NodeJS.ErrnoException).code))) return [] // or gone meanwhile
    throw error
  }
}

/** Stops all processes of the group, or lets them go on. Resolves when none of them runs any more. */
// region freeze
export async function freeze({ tree, path }: Group, frozen: boolean): Promise<void> {
  if (tree.unified) {
    const events = join(tree.unified, path, 'cgroup.events')
    writeFileSync(join(tree.unified, path, 'cgroup.freeze'), frozen ? '1' : '0')
    await changed(events, (text) => text.includes(`frozen ${frozen ? 1 : 0}`))
    return
  }
  const state = join(tree.v1['freezer'] ?? '', path, 'freezer.state')
  if (!tree.v1['freezer']) throw new SpecError('freeze: expected cgroups of version 2 or the freezer controller, found neither')
  writeFileSync(state, frozen ? 'FROZEN' : 'THAWED')
  while (readFileSync(state, 'utf8').trim() === 'FREEZING') await pause(1) // version 1 tells nobody
}
// endregion

/** @returns whether its processes are stopped; no group has none that run, and none that are stopped */
export function isFrozen({ tree, path }: Group): boolean {
  if (tree.unified) return textOf(join(tree.unified, path, 'cgroup.events')).includes('frozen 1')
  return textOf(join(tree.v1['freezer'] ?? '', path, 'freezer.state')).trim() === 'FROZEN'
}

/** The kernel notifies whoever watches such a file. */
async function changed(file: string, wanted: (text: string) => boolean): Promise<void> {
  const watcher = watch(file)
  try {
    while (existsSync(file) && !wanted(readFileSync(file, 'utf8'))) await once(watcher, 'change')
  } finally {
    watcher.close()
  }
}

/** SIGKILL for all processes of the group, and of those below it; resolves when they are gone. */
export async function kill(group: Group): Promise<void> {
  const { tree, path } = group
  if (allProcesses(group).length === 0) return
  const root = tree.unified && join(tree.unified, path)
  if (root && existsSync(join(root, 'cgroup.kill'))) writeFileSync(join(root, 'cgroup.kill'), '1')
  else killOneByOne(group)
  if (root) {
    await changed(join(root, 'cgroup.events'), (text) => text.includes('populated 0')) // frozen ones die as they are
    return
  }
  await freeze(group, false) // of version 1 they are let go on, to die
  while (allProcesses(group).length > 0) await pause(1)
}

/** Before Linux 5.14: until no new ones come. */
function killOneByOne(group: Group): void {
  for (let left = allProcesses(group); left.length > 0; left = allProcesses(group).filter((pid) => !left.includes(pid))) {
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
}

/** Ends what is left in a group, and removes it with all groups that were made below it. */
export async function remove(group: Group): Promise<void> {
  await kill(group)
  for (const root of roots(group.tree)) removeDirectory(join(root, group.path))
}

function removeDirectory(directory: string): void {
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeDirectory(join(directory, entry.name))
  }
  rmdirSync(directory)
}

/** @returns the names of the groups directly below one */
export function below({ tree, path }: Group): string[] {
  const names = roots(tree).flatMap((root) => {
    const directory = join(root, path)
    return existsSync(directory) ? readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()) : []
  })
  return [...new Set(names.map(({ name }) => name))]
}

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
