// delete: what is left of a container is taken away, in an order in which it can be tried again.
//
//   await remove(store, 'web', { force: false })
//
// Invariant: a kill between any two steps leaves less than before, and state.json goes last: delete it again, and it is gone.
import { remove as removeGroup, type Group } from '@pocker/cgroup'
import { SpecError } from '@pocker/syscalls'
import { setTimeout as pause } from 'node:timers/promises'
import { runAllHooks } from './hooks.ts'
import { killProcess, parseSignal } from './kill.ts'
import { groupOf, isAlive, stateOf, statusOf } from './status.ts'
import type { Process, Store, Stored } from './store.ts'

/** @returns lines about hooks that failed: they do not keep a container from being deleted */
// region remove
export async function remove(store: Store, id: string, { force }: { readonly force: boolean }): Promise<string[]> {
  return await store.locked(id, async () => {
    const stored = store.readIfThere(id)
    const status = stored ? statusOf(store, stored) : 'stopped'
    if (!force && (status === 'running' || status === 'paused' || status === 'creating')) {
      throw new SpecError(
        `delete: expected a container that is stopped, ${id} is ${status}; try: pocker oci delete --force ${id}`,
      )
    }
    return await destroy(store, id)
  })
}
// endregion

/** Without asking. Whoever calls it holds the container. */
export async function destroy(store: Store, id: string): Promise<string[]> {
  let warnings: string[] = []
  const stored = store.readIfThere(id)
  if (stored) {
    await end(stored)
    warnings = await runAllHooks('poststop', hooksOf(store, id), { ...stateOf(store, stored), status: 'stopped' })
  }
  store.remove(id)
  return warnings
}

function hooksOf(store: Store, id: string): NonNullable<ReturnType<Store['config']>['hooks']>['poststop'] {
  try {
    return store.config(id).hooks?.poststop
  } catch {
    return undefined // it was killed before it was written down
  }
}

/** How long a process may take to die, in milliseconds. */
const PATIENCE = 10_000

/** Ends all of its processes, and takes its group away. */
async function end(stored: Stored): Promise<void> {
  const group = groupOf(stored)
  if (stored.process && isAlive(stored.process)) killProcess(stored.process, parseSignal('KILL'))
  if (group) await emptied(group)
  for (const process of [stored.process, stored.monitor]) await gone(process)
}

/** A container whose creator was killed may be on its way into the group yet; at its next gate it ends. */
async function emptied(group: Group): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; ;) {
    try {
      return await removeGroup(group)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || Date.now() > deadline) throw error
      await pause(1)
    }
  }
}

async function gone(process: Process | undefined): Promise<void> {
  while (isAlive(process)) await pause(1)
}
