// The schema of `process`: the program of a container, and who it is.
//
//   process: { cwd: '/', args: ['sh'], user: { uid: 0, gid: 0 } }
//
// Invariant: there is always a user; without one in the config.json it is root, as other runtimes take it.
// @see OCI runtime spec, config.md, Process
import { RLIMIT } from '@pocker/syscalls'
import * as v from 'valibot'
import { absolute, count, env, flag, list, object, oneOf, text, texts, u32, u64, whole } from './values.ts'

const user = object({ uid: u32, gid: u32 }, { umask: u32, additionalGids: list(u32) })

const POLICIES = [
  'SCHED_OTHER', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_ISO', 'SCHED_IDLE', 'SCHED_DEADLINE',
] as const
const SCHEDULER_FLAGS = [
  'SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN', 'SCHED_FLAG_KEEP_POLICY', 'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN', 'SCHED_FLAG_UTIL_CLAMP_MAX',
] as const

/** @see sched_setattr(2) */
const scheduler = object({ policy: oneOf(POLICIES) }, {
  nice: whole(-20, 19), priority: whole(0, 99), flags: list(oneOf(SCHEDULER_FLAGS)),
  runtime: count, deadline: count, period: count,
})

/** @see ioprio_set(2) */
const ioPriority = object({
  class: oneOf(['IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE']),
  priority: v.optional(whole(0, 7), 0),
}, {})

const rlimit = object({ type: oneOf(Object.keys(RLIMIT)), soft: u64, hard: u64 }, {})

export const processSchema = object({
  cwd: absolute,
  args: v.pipe(texts, v.check(([program]) => Boolean(program), 'a list that begins with a program')),
  user: v.optional(user, { uid: 0, gid: 0 }),
}, {
  terminal: flag,
  consoleSize: object({ height: whole(0, 65535), width: whole(0, 65535) }, {}),
  env,
  rlimits: list(rlimit),
  capabilities: object({}, { bounding: texts, effective: texts, inheritable: texts, permitted: texts, ambient: texts }),
  noNewPrivileges: flag,
  apparmorProfile: text,
  selinuxLabel: text,
  oomScoreAdj: whole(-1000, 1000),
  scheduler,
  ioPriority,
  execCPUAffinity: object({}, { initial: text, final: text }),
})
