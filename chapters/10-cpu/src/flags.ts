// The words of `docker run`: --cpus, --cpu-period, --cpu-quota, --cpu-shares, --cpuset-cpus, --cpuset-mems.
//
//   parseCpu({ cpus: '1.5' }, 2)   → { quota: 150000, period: 100000 }
//
// Invariant: pure, and exact to a nanosecond of processor time per second, as Docker is.
import { wholeNumber } from '@pocker/cgroup'
import { SpecError } from '@pocker/syscalls'
import { PERIOD, type CpuSpec } from './cpu.ts'

/** As they come from the command line. */
export interface CpuFlags {
  readonly cpus?: string
  readonly cpuPeriod?: string
  readonly cpuQuota?: string
  readonly cpuShares?: string
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
}

/**
 * @param available how many processors the machine has
 * @throws {SpecError} naming the flag
 */
export function parseCpu(flags: CpuFlags, available: number): CpuSpec {
  const { cpus, cpuPeriod, cpuQuota, cpuShares, cpusetCpus, cpusetMems } = flags
  if (cpus !== undefined && (cpuPeriod !== undefined || cpuQuota !== undefined)) {
    throw new SpecError('--cpus: expected it without --cpu-period and --cpu-quota, which say the same, got both')
  }
  return {
    ...(cpus !== undefined && share(cpus, available)),
    ...(cpuPeriod !== undefined && { period: wholeNumber('--cpu-period', cpuPeriod) }),
    ...(cpuQuota !== undefined && { quota: wholeNumber('--cpu-quota', cpuQuota) }),
    ...(cpuShares !== undefined && { shares: wholeNumber('--cpu-shares', cpuShares) }),
    ...(cpusetCpus !== undefined && { cpus: cpusetCpus }),
    ...(cpusetMems !== undefined && { mems: cpusetMems }),
  }
}

/** Less than that is no quota that the kernel takes. */
const LEAST = 0.01

function share(text: string, available: number): Pick<CpuSpec, 'quota' | 'period'> {
  const cpus = /^(\d+(\.\d{1,9})?|\.\d{1,9})$/.test(text) ? Number(text) : NaN
  if (cpus >= LEAST && cpus <= available) return { quota: Math.round(cpus * PERIOD), period: PERIOD }
  throw new SpecError(`--cpus: expected ${LEAST} to ${available}, for so many processors there are, got ${text}`)
}
