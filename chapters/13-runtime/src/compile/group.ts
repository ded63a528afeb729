// The cgroup of a container, and `linux.resources` in it.
//
//   group(spec, place)            → made by the creator, joined by the container; its namespace, if it gets one
//   resources(spec, place)        → cpu, memory, pids, io, in version 2's words
//   limitsOf(resources, canSwap)  → { 'memory.max': '67108864', … }
//
// Invariant: a limit that the machine cannot set is refused, never passed over. A 0 is none: Go writes it for what nobody said,
// and runc takes it so.
import {
  cgroup, cgroupNamespace, DEFAULT_DEVICES, devices, ioWeight, limited, THROTTLES, type Limits,
} from '@pocker/cgroup'
import { PERIOD, weight } from '@pocker/cpu'
import { mayFail, SpecError, type Isolation } from '@pocker/syscalls'
import type { Resources, Spec } from '../spec/schema.ts'
import type { Place } from './compile.ts'
import { own, shared } from './namespaces.ts'

/** The group may be there already: whoever asks for the container knows why. It is taken away by delete. */
export function group(spec: Spec, { group: place }: Place): Isolation {
  const namespace = own(spec, 'cgroup') ? 'private' : 'host'
  if (!place) return namespace === 'private' ? cgroupNamespace() : { name: 'cgroup' }
  const { needs = [], ...rest } = cgroup(place, { namespace, removedBy: 'caller' })
  return { ...rest, needs: needs.map((need) => ({ ...need, make: need.make.map((step) => mayFail(step, 'EEXIST')) })) }
}

export function resources({ linux }: Spec, { group: place }: Place): Isolation {
  if (place) return limited('resources', place, limitsOf(linux?.resources ?? {}, place.tree.swap))
  const asked = Object.keys(limitsOf({ ...linux?.resources, devices: [] }, true))[0]
  if (asked) throw new SpecError(`linux.resources: expected cgroups that this user may write to, for ${asked}; try sudo`)
  return { name: 'resources' }
}

/**
 * Without a rule, everything would be allowed; the few that every container needs always are.
 * @see config-linux.md, "Default Devices"
 */
export function devicesAllowed(spec: Spec, { group: place }: Place): Isolation {
  const rules = spec.linux?.resources?.devices ?? []
  if (!place || rules.length === 0) return { name: 'devices' }
  const [deny, ...allow] = DEFAULT_DEVICES
  const all = rules.length === 1 && rules[0]?.allow === true && (rules[0].type ?? 'a') === 'a'
  return devices(
    place,
    all ? [{ allow: true }] : [...(deny ? [deny] : []), ...rules, ...allow],
    shared(spec, 'user') ? 'child' : 'between',
  )
}

/** Kernel values that mean "no limit" are -1 in the spec. */
const orMax = (value: number | bigint): string => (BigInt(value) < 0n ? 'max' : String(value))

/** @param canSwap whether swap can be limited; if not, that it is passed over is told as a warning */
// region limits
export function limitsOf(
  { memory, cpu, pids, blockIO, hugepageLimits, network, rdma, unified }: Resources,
  canSwap: boolean,
): Limits {
  if (network?.classID !== undefined || network?.priorities?.length) {
    throw new SpecError(
      'linux.resources.network: expected none, as classes of network traffic are of cgroups version 1 alone; use tc',
    )
  }
  return Object.fromEntries([
    ...memoryLimits(memory ?? {}, canSwap),
    ...cpuLimits(cpu ?? {}),
    ...(pids?.limit ? [['pids.max', orMax(pids.limit)] as const] : []),
    ...ioLimits(blockIO ?? {}),
    ...(hugepageLimits ?? []).map(({ pageSize, limit }) => [`hugetlb.${pageSize}.max`, String(limit)] as const),
    ...rdmaLimits(rdma ?? {}),
    ...Object.entries(unified ?? {}),
  ])
}
// endregion

type Entry = readonly [file: string, value: string]

function* memoryLimits(
  { limit, reservation, swap, swappiness, disableOOMKiller, kernelTCP }: NonNullable<Resources['memory']>,
  canSwap: boolean,
): Generator<Entry> {
  if (kernelTCP !== undefined)
    throw new SpecError('linux.resources.memory.kernelTCP: expected none: kernel memory has no limit of its own')
  if (limit) yield ['memory.max', orMax(limit)]
  if (swap && canSwap) yield ['memory.swap.max', beyond(swap, limit)]
  if (reservation) yield ['memory.low', orMax(reservation)]
  if (swappiness !== undefined) yield ['memory.swappiness', String(swappiness)]
  if (disableOOMKiller) yield ['memory.oom.disable', '1']
}

/** The spec counts memory and swap together, version 2 only the swap. */
function beyond(swap: number | bigint, limit: number | bigint | undefined): string {
  if (BigInt(swap) < 0n) return 'max'
  if (!limit || BigInt(limit) < 0n || BigInt(swap) < BigInt(limit)) {
    throw new SpecError(
      'linux.resources.memory.swap: expected memory and swap together, at least the limit, '
      + `got ${swap} with a limit of ${limit || 'none'}`,
    )
  }
  return String(BigInt(swap) - BigInt(limit))
}

function* cpuLimits({
  shares,
  quota,
  period,
  burst,
  cpus,
  mems,
  idle,
  realtimePeriod,
  realtimeRuntime,
}: NonNullable<Resources['cpu']>): Generator<Entry> {
  if (quota || period) yield ['cpu.max', `${orMax(quota || -1)} ${period || PERIOD}`]
  if (burst !== undefined) yield ['cpu.max.burst', String(burst)]
  if (shares !== undefined && shares > 0) yield ['cpu.weight', String(weight(shares))]
  if (idle !== undefined) yield ['cpu.idle', String(idle)]
  if (realtimePeriod) yield ['cpu.rt_period_us', String(realtimePeriod)]
  if (realtimeRuntime) yield ['cpu.rt_runtime_us', String(realtimeRuntime)]
  if (cpus) yield ['cpuset.cpus', cpus]
  if (mems) yield ['cpuset.mems', mems]
}

function* ioLimits(blockIO: NonNullable<Resources['blockIO']>): Generator<Entry> {
  const {
    weight: all,
    weightDevice = [],
    throttleReadBpsDevice,
    throttleWriteBpsDevice,
    throttleReadIOPSDevice,
    throttleWriteIOPSDevice,
  } = blockIO
  const weights = [
    ...(all ? [`default ${ioWeight(all)}`] : []),
    ...weightDevice.flatMap(({ major, minor, weight: one }) => (one ? [`${major}:${minor} ${ioWeight(one)}`] : [])),
  ]
  if (weights.length > 0) yield ['io.weight', weights.join('\n')]
  const lines = [throttleReadBpsDevice, throttleWriteBpsDevice, throttleReadIOPSDevice, throttleWriteIOPSDevice].flatMap(
    (list, i) => (list ?? []).map(({ major, minor, rate }) => `${major}:${minor} ${Object.values(THROTTLES)[i]}=${rate}`),
  )
  if (lines.length > 0) yield ['io.max', lines.join('\n')]
}

function* rdmaLimits(rdma: NonNullable<Resources['rdma']>): Generator<Entry> {
  const lines = Object.entries(rdma).map(([device, { hcaHandles, hcaObjects }]) =>
    [
      device,
      ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
      ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
    ].join(' '),
  )
  if (lines.length > 0) yield ['rdma.max', lines.join('\n')]
}
