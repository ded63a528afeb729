// What is done to a container as a whole while it runs: pause, resume, update; and what is asked of it: ps, list, figures.
//
//   await pause(store, 'web')      update(store, 'web', { pids: { limit: 10 } })      stats(store, 'web')
import { existsSync, statSync } from 'node:fs'
import { freeze, get, processes, put, type Figures, type Group } from '@pocker/cgroup'
import { callAll, SpecError, SyscallError } from '@pocker/syscalls'
import { limitsOf } from '../compile/group.ts'
import type { Resources } from '../spec/schema.ts'
import { groupOf, stateOf, statusOf, type State, type Status } from './status.ts'
import type { Store } from './store.ts'

/** @throws {SpecError} if it has none, for only an ordinary user without cgroups makes such containers */
function groupIn(store: Store, id: string, verb: string, wanted: readonly Status[]): Group {
  const stored = store.read(id)
  const status = statusOf(store, stored)
  if (!wanted.includes(status))
    throw new SpecError(`${verb}: expected a container that is ${wanted.join(' or ')}, ${id} is ${status}`)
  const group = groupOf(stored)
  if (!group) throw new SpecError(`${verb}: expected a container with a cgroup, ${id} has none`)
  return group
}

export const pause = (store: Store, id: string): Promise<void> =>
  store.locked(id, () => freeze(groupIn(store, id, 'pause', ['running', 'created']), true))
export const resume = (store: Store, id: string): Promise<void> =>
  store.locked(id, () => freeze(groupIn(store, id, 'resume', ['paused']), false))

/** @returns the numbers of its processes, as they are called here */
export const ps = (store: Store, id: string): number[] => processes(groupIn(store, id, 'ps', ['created', 'running', 'paused']))

/** New limits. The kernel wants memory before swap when both fall, and swap first when both rise. */
export function update(store: Store, id: string, resources: Resources): void {
  const group = groupIn(store, id, 'update', ['created', 'running', 'paused'])
  const steps = put(group, limitsOf(resources, group.tree))
  try {
    callAll(steps)
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'EINVAL') throw error
    callAll(put(group, Object.fromEntries(Object.entries(limitsOf(resources, group.tree)).toReversed())))
  }
}

/** As `runc list` has it. */
export interface Listed extends State {
  readonly pid: number
  readonly rootfs: string
  readonly created: string
  readonly owner: number
}

/** Those that are half made or half deleted are none. */
export function list(store: Store): Listed[] {
  return store
    .ids()
    .filter((id) => existsSync(store.path(id, 'state.json')))
    .map((id) => {
      const stored = store.read(id)
      const { rootfs, created } = stored
      return { pid: 0, ...stateOf(store, stored), rootfs, created, owner: statSync(store.path(id)).uid }
    })
}

/** @returns figures by the names of version 2's files; those that this machine does not have are missing */
export function stats(store: Store, id: string): Readonly<Record<string, Figures>> {
  const group = groupIn(store, id, 'events', ['created', 'running', 'paused'])
  const files = ['cpu.stat', 'memory.current', 'memory.peak', 'memory.events', 'memory.stat', 'pids.current']
  return Object.fromEntries(
    files.flatMap((file) => {
      try {
        return [[file, get(group, file)]]
      } catch (error) {
        if (error instanceof SpecError || (error as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw error
      }
    }),
  )
}
