// What a submission may use: one control group around all that it starts.
//
//   const group = fence()      → group.enter(pid), for a process that has not begun with the answer's work yet
//   await group.close()        → whatever is left in it is killed, and the group removed
//   sweep(alive)               → removes groups, and copies of submissions, of graders that were killed themselves
//
// Where no groups can be made (an ordinary user), rlimits are what holds: see compute.ts and sandbox.ts.
// Invariant: the grader's own process is never in it, so what an answer uses up is not the grader's.
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { below, canSet, findTree, prepare, put, remove, roots, type Group, type Tree } from '@pocker/cgroup'
import { ownedName, ownerHere } from '@pocker/pid'
import { callAll } from '@pocker/syscalls'
import { COPY } from './handed.ts'

const MiB = 1024 * 1024
/** Processes and threads: node alone has a dozen. */
export const MOST_PROCESSES = 256
/** Bytes; what is written to a tmpfs counts. */
const MOST_MEMORY = 768 * MiB

export const PARENT = '/pocker'
const GRADE = 'grade-'
export const pathOf = (word: string): string => `${PARENT}/${GRADE}${ownedName(word)}`

export interface Fence {
  enter(pid: number): void
  close(): Promise<void>
}

const OPEN: Fence = { enter: () => {}, close: () => Promise.resolve() }

/** @returns one that holds nothing where this user may make no groups */
export function fence(): Fence {
  const tree = prepared()
  if (!tree) return OPEN
  const group: Group = { tree: only(tree, 'memory', 'pids'), path: pathOf(`fence-${randomBytes(6).toString('hex')}`) }
  const directories = roots(group.tree).map((root) => join(root, group.path))
  for (const directory of directories) mkdirSync(directory)
  limit(group)
  return {
    enter: (pid) => directories.forEach((directory) => writeFileSync(join(directory, 'cgroup.procs'), String(pid))),
    close: () => remove(group),
  }
}

/** As far as this machine can. */
export function limit(group: Group): void {
  const wanted = { 'pids.max': String(MOST_PROCESSES), 'memory.max': String(MOST_MEMORY) }
  const possible = Object.entries(wanted).filter(([file]) => canSet(group.tree, file))
  if (possible.length > 0) callAll(put(group, Object.fromEntries(possible)))
}

/** @param alive whether the grader of this number still works */
export async function sweep(alive: (pid: number) => boolean): Promise<void> {
  const isLeft = (name: string, prefix: string): boolean => {
    const pid = name.startsWith(prefix) ? ownerHere(name.slice(prefix.length)) : undefined
    return pid !== undefined && !alive(pid)
  }
  for (const copy of readdirSync(tmpdir()).filter((name) => isLeft(name, COPY)).map((name) => join(tmpdir(), name))) {
    const owner = lstatSync(copy, { throwIfNoEntry: false })?.uid
    if (owner === process.geteuid?.()) rmSync(copy, { recursive: true, force: true })
  }
  if (process.geteuid?.() !== 0) return
  const tree = findTree()
  for (const name of below({ tree, path: PARENT }).filter((one) => isLeft(one, GRADE))) {
    await remove({ tree, path: join(PARENT, name) })
  }
}

/** Version 2, if it is there, by which all can be killed at once; of version 1 only what limits. */
const only = (tree: Tree, ...controllers: readonly string[]): Tree =>
  ({ ...tree, v1: Object.fromEntries(Object.entries(tree.v1).filter(([name]) => controllers.includes(name))) })

function prepared(): Tree | undefined {
  if (process.geteuid?.() !== 0) return undefined
  try {
    const tree = findTree()
    if (roots(tree).length === 0) return undefined
    prepare(tree, PARENT)
    return existsSync(join(roots(tree)[0] ?? '', PARENT)) ? tree : undefined
  } catch {
    return undefined // doctor says why
  }
}
