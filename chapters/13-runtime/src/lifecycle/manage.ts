// What is done to a container as a whole while it runs: pause, resume, update; and what is asked of it: ps, list.
//
//   await pause(store, 'web')      update(store, 'web', { pids: { limit: 10 } })
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { allProcesses, cpuMax, freeze, get, isFrozen, put, type Group } from '@pocker/cgroup'
import { callAll, SpecError, SyscallError } from '@pocker/syscalls'
import { limitsOf } from '../compile/group.ts'
import type { Resources } from '../spec/schema.ts'
import { goneWarnings, swapWarning } from '../spec/warnings.ts'
import { groupOf, stateOf, statusOf, type State, type Status } from './status.ts'
import type { Store } from './store.ts'

/** @throws {SpecError} if it has none, for only an ordinary user without cgroups makes such containers */
export function groupIn(store: Store, id: string, verb: string, wanted: readonly Status[]): Group {
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
  store.locked(id, () => {
    const group = groupIn(store, id, 'resume', ['paused'])
    const parent = dirname(group.path)
    if (!isFrozen({ ...group, path: parent })) return freeze(group, false)
    throw new SpecError(`resume: expected a cgroup that is frozen itself, ${id} is so as its parent ${parent} is; thaw that`)
  })

/** @returns the numbers of its processes, as they are called here */
export const ps = (store: Store, id: string): number[] => allProcesses(groupIn(store, id, 'ps', ['created', 'running', 'paused']))

/**
 * New limits. The kernel wants memory before swap when both fall, and swap first when both rise.
 * @returns a line for each that was passed over
 */
export function update(store: Store, id: string, resources: Resources): string[] {
  const group = groupIn(store, id, 'update', ['created', 'running', 'paused'])
  const limits = limitsOf(withPresent(group, resources), group.tree.swap)
  try {
    callAll(put(group, limits))
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'EINVAL') throw error
    callAll(put(group, Object.fromEntries(Object.entries(limits).toReversed())))
  }
  return [...swapWarning(resources, group.tree.swap), ...goneWarnings(resources)]
}

/** What is set together keeps the half that is not said: a quota and its period, and a limit below one of swap. */
function withPresent(group: Group, resources: Resources): Resources {
  const { cpu: { quota, period } = {}, memory: { limit, swap } = {} } = resources
  const now = Boolean(quota) !== Boolean(period) && cpuOf(group)
  const memory = swap && swap > 0 && !limit ? get(group, 'memory.max')[''] : undefined
  return {
    ...resources,
    ...(now && { cpu: { ...resources.cpu, quota: quota || now.quota, period: period || now.period } }),
    ...(memory !== undefined && { memory: { ...resources.memory, limit: Number(memory) } }),
  }
}

/** Without the controller nothing is asked: that it lacks is told when it is to be set. */
function cpuOf(group: Group): { quota: number; period: number } {
  const [quota, period] = (cpuMax(group) ?? 'max 0').split(' ')
  return { quota: quota === 'max' ? -1 : Number(quota), period: Number(period) }
}

/** As `runc list` has it. */
export interface Listed extends State {
  readonly pid: number
  readonly rootfs: string
  readonly created: string
  readonly owner: number
}

/** Those that are half made or half deleted are none; and so is one that is deleted while we look. */
export function list(store: Store): Listed[] {
  return store.ids().flatMap((id) => {
    const stored = store.readIfThere(id)
    const owner = stored && statSync(store.path(id), { throwIfNoEntry: false })?.uid
    if (!stored || owner === undefined) return []
    const { rootfs, created } = stored
    return [{ pid: 0, ...stateOf(store, stored), rootfs, created, owner }]
  })
}
