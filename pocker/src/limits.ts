// The flags of `docker run` that are limits, as isolations; and the group that they are set on.
//
//   limits(options, { id: '5f3a…', userNamespace: false, deviceRules })   → { isolations, prepare, after }
//
// Invariant: a limit that was asked for is set, or the container does not start. Without any, a machine that lets nobody make
// groups still runs it.
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import {
  below, cgroup, cgroupNamespace, devices, exists, findTree, limited, mayMakeGroups, parseCgroupns, parseCgroupParent,
  parseThrottle, parseWeight, pids, prepare, remove, THROTTLES, wholeNumber, type DeviceRule, type Group, type Limits,
  type Tree,
} from '@pocker/cgroup'
import { cpu, parseCpu } from '@pocker/cpu'
import { parseSize } from '@pocker/ipc'
import { memory, oomKills, oomScore, parseMemory, swapWarning } from '@pocker/memory'
import { isAbandoned, ownedName } from '@pocker/pid'
import { SpecError, type Isolation } from '@pocker/syscalls'
import { say } from './errors.ts'
import type { Options } from './flags.ts'
import { deviceNumbers } from './privileges.ts'

/** The id of a container that is only explained: the same plan each time. */
export const NOBODY = '0'.repeat(12)

/** Where groups are made, if nothing is said. */
const PARENT = '/pocker'

export interface Limited {
  /** First of all: they are the host's root's to make. */
  readonly isolations: readonly Isolation[]
  readonly prepare: () => void
  /** Says what the kernel did to it, and takes the group away. */
  readonly after: () => Promise<void>
}

export interface Place { readonly id: string; readonly userNamespace: boolean; readonly deviceRules: readonly DeviceRule[] }

/** @throws {SpecError} naming the flag, or what the machine lacks */
export function limits(options: Options, { id, userNamespace, deviceRules }: Place): Limited {
  const tree = findTree()
  const parent = options.cgroupParent === undefined ? PARENT : parseCgroupParent(options.cgroupParent)
  const group: Group = { tree, path: `${parent}/${id === NOBODY ? `0-${id}` : ownedName(id)}` }
  const namespace = parseCgroupns(options.cgroupns)
  const wanted = wishes(group, options)
  const score = options.oomScoreAdj === undefined ? [] : [oomScore(wholeNumber('--oom-score-adj', options.oomScoreAdj))]
  if (!mayMakeGroups(tree)) {
    const first = wanted.find(({ needs = [] }) => needs.length > 0)
    if (first) throw new SpecError(`${first.name}: expected cgroups that this user may write to, to limit it; try sudo`)
    const isolations = [...(namespace === 'private' ? [cgroupNamespace()] : []), ...score]
    return { isolations, prepare: () => {}, after: async () => {} }
  }
  return {
    isolations: [
      cgroup(group, { namespace, removedBy: 'caller' }), ...wanted,
      devices(group, deviceRules, userNamespace ? 'between' : 'child'), ...score,
    ],
    prepare: () => {
      const warning = swapWarning(group, parseMemory(options))
      if (warning) say(warning)
      prepare(tree, parent)
      sweep(tree, parent)
    },
    after: async () => {
      if (options.memory && exists(group) && oomKills(group) > 0) {
        say(`out of memory: the kernel killed a process that went beyond the limit of ${options.memory}`)
      }
      await remove(group)
    },
  }
}

/** Each chapter's part; the names are those of the flags. */
function wishes(group: Group, options: Options): Isolation[] {
  return [
    ...(options.pidsLimit === undefined ? [] : [pids(group, wholeNumber('--pids-limit', options.pidsLimit))]),
    cpu(group, parseCpu(options, availableParallelism())),
    memory(group, parseMemory(options)),
    limited('io', group, io(options)),
  ]
}

function io(options: Options): Limits {
  const { deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops } = options
  const flags = Object.keys(THROTTLES) as (keyof typeof THROTTLES)[]
  const lines = [deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops].flatMap((texts, i) =>
    texts.map((text) => parseThrottle(flags[i] as typeof flags[number], text, numberOf, parseSize)))
  return {
    ...(options.blkioWeight !== undefined && parseWeight(options.blkioWeight)),
    ...(lines.length > 0 && { 'io.max': lines.join('\n') }),
  }
}

function numberOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isBlockDevice()) throw new SpecError(`${path}: expected a block device, got ${found ? 'something else' : 'nothing'}`)
  const { major, minor } = deviceNumbers(path)
  return `${major}:${minor}`
}

/** A caller that was killed has left its group behind. */
function sweep(tree: Tree, parent: string): void {
  for (const name of below({ tree, path: parent }).filter(isAbandoned)) {
    void remove({ tree, path: `${parent}/${name}` }).catch(() => {}) // another one sweeps at the same time
  }
}
