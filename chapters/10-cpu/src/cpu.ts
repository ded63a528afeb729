// How much of the processors a container gets, and which of them.
//
//   cpu(group, { quota: 50000, period: 100000 })   → the isolation: half a processor, and no more
//   cpu(group, { shares: 512 })                    → half of what others get, where there is not enough for all
//   throttling(group)                              → how often it was stopped for it
//
// Invariant: a quota is a ceiling even if the machine has nothing else to do; shares count only under pressure.
import { get, limited, type Group, type Limits } from '@pocker/cgroup'
import { SpecError, type Isolation } from '@pocker/syscalls'

/** The slice of the OCI runtime spec that this chapter reads. @see config-linux.md, "CPU" */
export interface CpuSpec {
  /** Microseconds of processor time in each period; -1 for no limit. */
  readonly quota?: number
  /** In microseconds. */
  readonly period?: number
  /** 2 to 262144; 1024 if nothing is said, and 0 says nothing. */
  readonly shares?: number
  /** Processors and memory nodes, such as 0-2,4. */
  readonly cpus?: string
  readonly mems?: string
}

/** Docker's, in microseconds. */
export const PERIOD = 100_000
/** The kernel's limits, in microseconds. @see Documentation/scheduler/sched-bwc.rst */
const [PERIOD_MIN, PERIOD_MAX, QUOTA_MIN] = [1000, 1_000_000, 1000]
export const [SHARES_MIN, SHARES_MAX] = [2, 262_144]

/** @throws {SpecError} naming the field at fault, or the controller that is missing */
// region cpu
export function cpu(group: Group, spec: CpuSpec): Isolation {
  return limited('cpu', group, limits(spec, group.tree))
}
// endregion

// region limits
function limits(spec: CpuSpec, machine: { readonly cpus: string; readonly mems: string }): Limits {
  const { quota, period = PERIOD, shares, cpus, mems } = spec
  within('cpu.period', period, PERIOD_MIN, PERIOD_MAX)
  if (quota !== undefined && quota > 0) within('cpu.quota', quota, QUOTA_MIN, Number.MAX_SAFE_INTEGER)
  const most = quota !== undefined && quota > 0 ? quota : 'max'
  return {
    ...((quota !== undefined || spec.period !== undefined) && { 'cpu.max': `${most} ${period}` }),
    ...(shares && { 'cpu.weight': String(weight(shares)) }),
    ...(cpus !== undefined && { 'cpuset.cpus': subset('cpu.cpus', cpus, machine.cpus) }),
    ...(mems !== undefined && { 'cpuset.mems': subset('cpu.mems', mems, machine.mems) }),
  }
}
// endregion

/** From version 1's scale to version 2's, as Docker does it. @see runc, cgroups/utils.go, ConvertCPUSharesToCgroupV2Value */
// region weight
export function weight(shares: number): number {
  within('cpu.shares', shares, 0, Number.MAX_SAFE_INTEGER)
  const kept = Math.min(Math.max(shares, SHARES_MIN), SHARES_MAX)
  return 1 + Math.floor(((kept - SHARES_MIN) * 9999) / (SHARES_MAX - SHARES_MIN))
}
// endregion

function within(what: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  throw new SpecError(`${what}: expected a whole number ${range}, got ${value}`)
}

/** @returns the numbers of a list such as 0-2,4. @see cpuset(7), "List format" */
export function parseList(what: string, text: string): number[] {
  const numbers = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? []
    if (first === undefined || Number(last) < Number(first)) {
      throw new SpecError(`${what}: expected a list such as 0-2,4, got ${JSON.stringify(text)}`)
    }
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i)
  })
  return [...new Set(numbers)].toSorted((a, b) => a - b)
}

function subset(what: string, wanted: string, available: string): string {
  const there = new Set(parseList('cpuset', available))
  const lacking = parseList(what, wanted).filter((number) => !there.has(number))
  if (lacking.length > 0) throw new SpecError(`${what}: expected some of ${available}, which are available, got ${wanted}`)
  return wanted
}

export interface Throttling {
  /** Periods in which something ran, and those in which the quota was used up. */
  readonly periods: number
  readonly throttled: number
  /** Microseconds: how long it stood still for it, over all processors; and how long it ran. */
  readonly throttledTime: number
  readonly usage: number
}

/** @throws {SpecError} if this machine does not count it */
export function throttling(group: Group): Throttling {
  const { nr_periods = 0n, nr_throttled = 0n, throttled_usec = 0n, usage_usec = 0n } = get(group, 'cpu.stat')
  return {
    periods: Number(nr_periods), throttled: Number(nr_throttled), throttledTime: Number(throttled_usec), usage: Number(usage_usec),
  }
}
