// What a config leaves to the machine: looked up once, before the plan is made.
//
//   placeFor(spec, options)   → Place
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findTree, mayMakeGroups, type Group } from '@pocker/cgroup'
import { boundingSet } from '@pocker/privileges'
import { SpecError } from '@pocker/syscalls'
import type { Place } from '../compile/compile.ts'
import type { Spec } from '../spec/schema.ts'

export interface PlaceOptions {
  readonly id: string
  readonly bundle: string
  readonly noPivot?: boolean
  readonly noNewKeyring?: boolean
  readonly preserved?: number
}

/** @throws {SpecError} if the root file system is missing */
export function placeFor(
  spec: Spec,
  { id, bundle, noPivot = false, noNewKeyring = false, preserved = 0 }: PlaceOptions,
): Place {
  const rootfs = resolve(bundle, spec.root.path)
  if (!look(rootfs)?.directory) throw new SpecError(`root.path: expected a directory, got ${rootfs}`)
  const group = groupFor(spec, id)
  const { prestart, createRuntime, createContainer } = spec.hooks ?? {}
  return {
    rootfs,
    bundle,
    ...(group && { group }),
    look: (path, where) => look(where === 'host' ? resolve(bundle, path) : join(rootfs, path)),
    mapsWrittenBy: process.geteuid?.() === 0 ? 'root' : mapsOf(spec),
    held: boundingSet(readFileSync('/proc/self/status', 'utf8')),
    waits: { hooks: [prestart, createRuntime, createContainer].some((list) => list?.length), start: true },
    ...(noPivot && { change: 'move' as const }),
    preserved,
    ...(!noNewKeyring && { keyring: `_ses.${id}` }),
  }
}

/** A wrong answer, by a link of the image's, makes a mount fail; it never leads one astray. */
function look(path: string): ReturnType<Place['look']> {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && { directory: found.isDirectory(), mode: found.mode & 0o7777 }
}

/** An ordinary user's: one id of his own is his to map; for more there is a setuid program. */
export function mapsOf({ linux }: Pick<Spec, 'linux'>): 'owner' | 'newuidmap' {
  const maps = [linux?.uidMappings ?? [], linux?.gidMappings ?? []]
  return maps.some((map) => map.length > 1 || map.some(({ size }) => size > 1)) ? 'newuidmap' : 'owner'
}

/** Where its group is made, if nothing is said. */
const PARENT = '/pocker'

function groupFor({ linux }: Spec, id: string): Group | undefined {
  const tree = findTree()
  const path = linux?.cgroupsPath || join(PARENT, id)
  if (/^[^/]*:[^/]*:[^/]*$/.test(path)) {
    throw new SpecError(
      `linux.cgroupsPath: expected a path such as /pocker/web, as groups are made without systemd, got ${path}`,
    )
  }
  if (path.split('/').includes('..')) throw new SpecError(`linux.cgroupsPath: expected a path without .., got ${path}`)
  if (mayMakeGroups(tree)) return { tree, path: path.startsWith('/') ? path : join(PARENT, path) }
  return undefined
}
