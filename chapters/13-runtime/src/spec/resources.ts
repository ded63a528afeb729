// The schema of `linux.resources`: what of the machine a container may use, which its cgroup enforces.
//
//   resources: { memory: { limit: 67108864 }, pids: { limit: 100 } }
//
// Invariant: a device rule that came from here has no number where it means all of them.
// @see OCI runtime spec, config-linux.md, "Control groups"
import * as v from 'valibot'
import { count, flag, i64, integer, list, matching, object, oneOf, record, text, u16, u32, u64, whole } from './values.ts'

/** Docker and runc write -1 for "all", which the spec says by leaving the number out. */
const orAll = whole(-1, 2 ** 32 - 1)
const deviceRule = v.pipe(
  object({ allow: flag }, {
    type: oneOf(['a', 'b', 'c']), major: orAll, minor: orAll, access: matching('some of r, w and m', /^[rwm]{1,3}$/),
  }),
  v.transform(({ major = -1, minor = -1, ...rest }) => ({
    ...rest, ...(major >= 0 && { major }), ...(minor >= 0 && { minor }),
  })))

/** -1 for no limit, as is whatever is above 2^53 - 1: no machine has it. Some write 2^63 - 4096. */
const bytes = v.pipe(i64, v.transform((value) => (typeof value === 'bigint' ? -1 : value)))

const memory = object({}, {
  limit: bytes, reservation: bytes, swap: bytes, kernel: bytes, kernelTCP: bytes, swappiness: whole(0, 100),
  disableOOMKiller: flag, useHierarchy: flag, checkBeforeUpdate: flag,
})

const cpu = object({}, {
  shares: count, quota: integer, burst: count, period: count, realtimeRuntime: integer, realtimePeriod: count,
  cpus: text, mems: text, idle: integer,
})

const number = { major: count, minor: count }
const weightDevice = v.pipe(
  object(number, { weight: u16, leafWeight: u16 }),
  v.check(({ weight, leafWeight }) => weight !== undefined || leafWeight !== undefined, 'a weight or a leafWeight'))
const throttled = list(object({ ...number, rate: u64 }, {}))

const blockIO = object({}, {
  weight: u16, leafWeight: u16, weightDevice: list(weightDevice),
  throttleReadBpsDevice: throttled, throttleWriteBpsDevice: throttled,
  throttleReadIOPSDevice: throttled, throttleWriteIOPSDevice: throttled,
})

const rdma = v.pipe(
  object({}, { hcaHandles: u32, hcaObjects: u32 }),
  v.check((limits) => Object.keys(limits).length > 0, 'hcaHandles or hcaObjects'))

export const resourcesSchema = object({}, {
  devices: list(deviceRule),
  memory,
  cpu,
  pids: object({ limit: integer }, {}),
  blockIO,
  hugepageLimits: list(object({ pageSize: matching('a size such as 2MB', /^[1-9]\d*[KMGTPE]B$/), limit: u64 }, {})),
  network: object({}, { classID: u32, priorities: list(object({ name: text, priority: u32 }, {})) }),
  rdma: record(rdma),
  // A name with a slash would be a file of another group.
  unified: record(text, matching('the name of a file in the cgroup', /^[^/]*[^/.][^/]*$/)),
})
