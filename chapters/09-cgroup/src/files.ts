// The files of a group, in version 2's words. One table says what version 1 calls them.
//
//   put(group, { 'memory.max': '67108864' })   → steps that write memory.max, or memory.limit_in_bytes
//   get(group, 'cpu.stat')                     → { usage_usec: 1234n, nr_throttled: 3n, … }
//
// Invariant: the rest of the code knows version 2 only. What a machine cannot limit is refused, never passed over.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Syscall } from '@pocker/syscalls'
import type { Tree } from './tree.ts'

/** A group by its path below each hierarchy, such as /pocker/web. */
export interface Group { readonly tree: Tree; readonly path: string }

/** Values by version 2's file names. @see Documentation/admin-guide/cgroup-v2.rst of the kernel */
export type Limits = Readonly<Record<string, string>>

/** A file of version 1, and its value. */
type Written = readonly [file: string, value: string]

/** How version 1 says it. The other limits are given, for what it counts together. */
interface Translation { readonly controller: string; readonly write: (value: string, all: Limits) => readonly Written[] }

const unlimited = (value: string): string => (value === 'max' ? '-1' : value)
const one = (controller: string, file: string, value = (text: string) => text): Translation =>
  ({ controller, write: (text) => [[file, value(text)]] })

/** Version 1 counts shares from 2 to 262144, version 2 weights from 1 to 10000. @see runc, cgroups/utils.go */
const [SHARES, WEIGHTS] = [262_142, 9_999]
/** The largest number of shares of that weight, which gives 1024 back for what 1024 became. */
const shares = (weight: string): string => String(2 + Math.floor((Number(weight) * SHARES - 1) / WEIGHTS))

// region table
const V1: Readonly<Record<string, Translation>> = {
  'memory.max': one('memory', 'memory.limit_in_bytes', unlimited),
  'memory.low': one('memory', 'memory.soft_limit_in_bytes', unlimited),
  'memory.swap.max': {
    controller: 'memory', write: (swap, all) => [['memory.memsw.limit_in_bytes', together(all['memory.max'], swap)]],
  },
  'memory.swappiness': one('memory', 'memory.swappiness'),
  'memory.oom.disable': one('memory', 'memory.oom_control'),
  'cpu.max': { controller: 'cpu', write: (value) => quota(value) },
  'cpu.weight': one('cpu', 'cpu.shares', shares),
  'cpuset.cpus': one('cpuset', 'cpuset.cpus'),
  'cpuset.mems': one('cpuset', 'cpuset.mems'),
  'pids.max': one('pids', 'pids.max'),
  'io.weight': { controller: 'blkio', write: (value) => diskWeight(value) },
  'io.max': { controller: 'blkio', write: (value) => throttles(value) },
}
// endregion
/** Those that version 2 has no file for. */
const V1_ONLY = new Set(['memory.swappiness', 'memory.oom.disable'])

function together(memory = 'max', swap: string): string {
  return memory === 'max' || swap === 'max' ? '-1' : String(BigInt(memory) + BigInt(swap))
}

function quota(value: string): readonly Written[] {
  const [most = '', period = ''] = value.split(' ')
  return [['cpu.cfs_period_us', period], ['cpu.cfs_quota_us', unlimited(most)]]
}

/** Back to Docker's scale, which is version 1's: each of its weights became another. @param value `default 50`, `8:0 50` */
function diskWeight(value: string): readonly Written[] {
  const [weight, device] = [Number(value.split(' ').at(-1)), /^\d+:\d+ /.exec(value)?.[0]]
  const blkio = 10 + Math.ceil(((weight - 1) * 990) / WEIGHTS)
  return [device === undefined ? ['blkio.bfq.weight', String(blkio)] : ['blkio.bfq.weight_device', `${device}${blkio}`]]
}

/** @param value `MAJOR:MINOR rbps=…`, as io.max takes it */
function throttles(value: string): readonly Written[] {
  const [device = '', ...words] = value.split(' ')
  return words.map((word) => {
    const [key = '', amount = ''] = word.split('=')
    const direction = key.startsWith('r') ? 'read' : 'write'
    return [`blkio.throttle.${direction}_${key.slice(1)}_device`, `${device} ${amount === 'max' ? 0 : amount}`]
  })
}

/** The controller that a file of version 2 belongs to. */
const controllerOf = (file: string): string => file.split('.')[0] ?? ''

/**
 * Steps that set limits. A value with several lines is several writes.
 * @throws {SpecError} if this machine has no such controller
 */
// region put
export function put(group: Group, limits: Limits): Syscall[] {
  return Object.entries(limits).flatMap(([file, value]) => value.split('\n').flatMap((line) => {
    const at = place(group.tree, file)
    const files: readonly Written[] = at.version === 2 ? [[file, line]] : (V1[file] as Translation).write(line, limits)
    return files.flatMap(([name, text]) => writeTo(join(at.root, group.path, name), text))
  }))
}
// endregion

/** Open, write, close: a file of the kernel's takes its value in one write. */
export function writeTo(path: string, value: string): Syscall[] {
  return [
    { ...open(path, O_WRONLY | O_CLOEXEC), as: path },
    because(`${path.split('/').at(-1)} is ${value}`, write({ resultOf: path }, value)),
    close({ resultOf: path }),
  ]
}

/** Where a file is. */
function place(tree: Tree, file: string): { version: 1 | 2; root: string } {
  const controller = controllerOf(file)
  if (tree.unified && controller === 'cgroup') return { version: 2, root: tree.unified } // the tree's own: cgroup.max.depth
  if (tree.unified && tree.controllers.includes(controller) && !V1_ONLY.has(file)) return { version: 2, root: tree.unified }
  const root = tree.v1[V1[file]?.controller ?? controller]
  if (root !== undefined && V1[file]) return { version: 1, root }
  const found = [...tree.controllers, ...Object.keys(tree.v1)].join(', ') || 'none'
  const lack = V1_ONLY.has(file) ? 'version 1 of its controller' : `the ${controller} controller`
  throw new SpecError(`${file}: expected ${lack}, and this machine's cgroups have ${found}`)
}

/** @returns whether this machine can set it */
export function canSet(tree: Tree, file: string): boolean {
  try {
    return place(tree, file) !== undefined
  } catch {
    return false
  }
}

/** Numbers by their names; a single one under ''. */
export type Figures = Readonly<Record<string, bigint>>

/** Figures of a group by version 2's names, and where version 1 has them: a file of numbers by name, or one number. */
interface Reading {
  readonly controller: string
  readonly read: (text: (file: string) => string) => Figures
}

const NANO_PER_MICRO = 1000n
// region readings
const V1_READINGS: Readonly<Record<string, Reading>> = {
  'cpu.stat': {
    controller: 'cpu',
    read: (text) => {
      const { nr_periods = 0n, nr_throttled = 0n, throttled_time = 0n } = numbers(text('cpu.stat'))
      return { nr_periods, nr_throttled, throttled_usec: throttled_time / NANO_PER_MICRO }
    },
  },
  'memory.current': { controller: 'memory', read: (text) => numbers(text('memory.usage_in_bytes')) },
  'memory.max': { controller: 'memory', read: (text) => numbers(text('memory.limit_in_bytes')) },
  'memory.peak': { controller: 'memory', read: (text) => numbers(text('memory.max_usage_in_bytes')) },
  'memory.events': {
    controller: 'memory',
    read: (text) => {
      const { oom_kill = 0n } = numbers(text('memory.oom_control'))
      return { max: numbers(text('memory.failcnt'))[''] ?? 0n, oom_kill }
    },
  },
  'memory.stat': { controller: 'memory', read: (text) => numbers(text('memory.stat')) },
  'pids.current': { controller: 'pids', read: (text) => numbers(text('pids.current')) },
  'pids.max': { controller: 'pids', read: (text) => numbers(text('pids.max')) },
}
// endregion

/**
 * @returns the numbers of a file by their names; a file with a single number has it under ''
 * @throws {SpecError} if this machine has no such controller
 */
export function get(group: Group, file: string): Figures {
  const { tree, path } = group
  const controller = controllerOf(file)
  const text = (root = '') => (name: string): string => readFileSync(join(root, path, name), 'utf8')
  if (tree.unified && tree.controllers.includes(controller)) return numbers(text(tree.unified)(file))
  const reading = V1_READINGS[file]
  const root = tree.v1[reading?.controller ?? '']
  if (!reading || root === undefined) {
    throw new SpecError(`${file}: expected the ${controller} controller, and this machine has none`)
  }
  const accounting = file === 'cpu.stat' ? tree.v1['cpuacct'] : undefined
  return { ...reading.read(text(root)), ...(accounting !== undefined && usage(text(accounting))) }
}

/** @returns the words of `cpu.max`: a quota or `max`, and the period, in microseconds; undefined without the controller */
export function cpuMax({ tree: { unified, controllers, v1 }, path }: Group): string | undefined {
  const text = (root: string, name: string): string => readFileSync(join(root, path, name), 'utf8').trim()
  if (unified && controllers.includes('cpu')) return text(unified, 'cpu.max')
  const root = v1['cpu']
  if (root === undefined) return undefined
  const quota = text(root, 'cpu.cfs_quota_us')
  return `${quota === '-1' ? 'max' : quota} ${text(root, 'cpu.cfs_period_us')}`
}

/** Version 1 counts how long they ran in a controller of its own, in nanoseconds. */
function usage(text: (file: string) => string): Figures {
  const micros = (file: string): bigint => (numbers(text(file))[''] ?? 0n) / NANO_PER_MICRO
  return {
    usage_usec: micros('cpuacct.usage'), user_usec: micros('cpuacct.usage_user'), system_usec: micros('cpuacct.usage_sys'),
  }
}

/** `NAME NUMBER` lines; what is no number (`max`) is left out. */
function numbers(text: string): Figures {
  return Object.fromEntries(text.trim().split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^(?:(\S+) )?(\d+)$/.exec(line) ?? []
    return value ? [[name, BigInt(value)]] : []
  }))
}

/** @returns whether the group is there, in every hierarchy */
export const exists = ({ tree, path }: Group): boolean =>
  [...(tree.unified ? [tree.unified] : []), ...Object.values(tree.v1)].every((root) => existsSync(join(root, path)))
