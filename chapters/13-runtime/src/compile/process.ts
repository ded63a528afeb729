// The `process` of a config: its session, its users, its turn at processors and disks, its rights, and the program.
//
//   program(spec, place)   → the last isolation: descriptors, signals, execve
//
// Invariant: each part reads its own fields only, and hands them to the chapter that knows.
import { existsSync } from 'node:fs'
import { writeTo } from '@pocker/cgroup'
import { parseList } from '@pocker/cpu'
import { oomScore } from '@pocker/memory'
import { capabilities, identity, parseSeccomp, rlimits, seccomp } from '@pocker/privileges'
import {
  because, close, command, execve, fchdir, mayFail, mkdir, noNewPrivileges, OPEN_HOW, O_CLOEXEC, O_PATH, RESOLVE_NO_MAGICLINKS,
  SpecError, umask, AT_FDCWD, type Isolation, type Syscall,
} from '@pocker/syscalls'
import { time } from '@pocker/time'
import { user } from '@pocker/user'
import { joinKeyring, setAffinity, setIoPriority, setPersonality, setScheduler } from '../calls.ts'
import { startGate, gate } from '../monitor/monitor.ts'
import type { ProcessSpec, Spec } from '../spec/schema.ts'
import { grantable } from '../spec/warnings.ts'
import type { Part } from './compile.ts'
import { own } from './namespaces.ts'

/** The spec lets a config go without, until it is started; its rights are given before. @throws {SpecError} if there is none */
export function processOf({ process }: Spec): ProcessSpec {
  if (!process) throw new SpecError('config.json: process: expected a program to run, got nothing')
  return process
}

export const session: Part = (_, { keyring }) => ({
  name: 'session',
  child: [
    because("no terminal of the caller's", { call: 'setsid', args: [] }),
    // ENOSYS, EPERM, EACCES: a kernel without keys, or a filter around us that refuses them.
    ...(keyring === undefined ? [] : [mayFail(because('keys of its own', joinKeyring(keyring)), 'ENOSYS', 'EPERM', 'EACCES')]),
  ],
})

export const oom: Part = ({ process }) => (process?.oomScoreAdj === undefined ? { name: 'oom' } : oomScore(process.oomScoreAdj))

export const usersOf: Part = (spec, { mapsWrittenBy }) => {
  const { uidMappings = [], gidMappings = [] } = spec.linux ?? {}
  return own(spec, 'user') ? user({ uidMappings, gidMappings, writtenBy: mapsWrittenBy }) : { name: 'user' }
}

export const clocks: Part = (spec) => {
  if (!own(spec, 'time')) return { name: 'time' }
  const { boottime, monotonic } = spec.linux?.timeOffsets ?? {}
  // Without an offset there is a namespace all the same.
  return time({ offsets: { boottime: { secs: 0, nanosecs: 0 }, ...(boottime && { boottime }), ...(monotonic && { monotonic }) } })
}

/** struct sched_attr, <linux/sched/types.h>. @see sched_setattr(2) */
const POLICIES = ['SCHED_OTHER', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_ISO', 'SCHED_IDLE', 'SCHED_DEADLINE']
const SCHEDULER_FLAGS: readonly string[] = [
  'SCHED_FLAG_RESET_ON_FORK',
  'SCHED_FLAG_RECLAIM',
  'SCHED_FLAG_DL_OVERRUN',
  'SCHED_FLAG_KEEP_POLICY',
  'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN',
  'SCHED_FLAG_UTIL_CLAMP_MAX',
]
const SCHED_ATTR_SIZE = 48

function schedulerAttr(scheduler: NonNullable<ProcessSpec['scheduler']>): Buffer {
  const { policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 } = scheduler
  const attr = Buffer.alloc(SCHED_ATTR_SIZE)
  attr.writeUInt32LE(SCHED_ATTR_SIZE, 0)
  attr.writeUInt32LE(POLICIES.indexOf(policy), 4)
  attr.writeBigUInt64LE(
    flags.reduce((all, name) => all | (1n << BigInt(SCHEDULER_FLAGS.indexOf(name))), 0n),
    8,
  )
  attr.writeInt32LE(nice, 16)
  attr.writeUInt32LE(priority, 20)
  ;[runtime, deadline, period].forEach((value, i) => attr.writeBigUInt64LE(BigInt(value), 24 + 8 * i))
  return attr
}

/** The bits of processors such as 0-2,4. */
function affinityMask(cpus: string): Buffer {
  const numbers = parseList('process.execCPUAffinity', cpus)
  const mask = Buffer.alloc(8 * (1 + Math.floor(Math.max(...numbers) / 64)))
  for (const number of numbers) mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7))
  return mask
}

const IO_CLASSES = ['', 'IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE']
/** PER_LINUX, PER_LINUX32 of <linux/personality.h> */
const PERSONALITIES = { LINUX: 0, LINUX32: 8 } as const

export const turn: Part = (spec) => {
  const { scheduler, ioPriority } = processOf(spec)
  const { personality } = spec.linux ?? {}
  return {
    name: 'turn',
    child: [
      ...(scheduler ? [because(scheduler.policy, setScheduler(schedulerAttr(scheduler)))] : []),
      ...(ioPriority ? [setIoPriority((IO_CLASSES.indexOf(ioPriority.class) << 13) | (ioPriority.priority ?? 0))] : []),
      ...(personality ? [setPersonality(PERSONALITIES[personality.domain])] : []),
    ],
  }
}

/** Of those that come by `exec` only. @see config.md, execCPUAffinity */
export const affinity: Part = (spec) => {
  const { execCPUAffinity: given } = processOf(spec)
  const cpus = given?.final ?? given?.initial
  return { name: 'affinity', child: cpus ? [setAffinity(affinityMask(cpus))] : [] }
}

/** RLIM_INFINITY; -1 for chapter 12. */
const INFINITY = 2n ** 64n - 1n
const limit = (value: number | bigint): number | bigint => (BigInt(value) === INFINITY ? -1 : value)

const caps = (spec: Spec, held: readonly string[]): ReturnType<typeof capabilities> => {
  const given = grantable(processOf(spec).capabilities ?? {})
  const kept = Object.fromEntries(
    Object.entries(given).map(([set, names]) => [set, names?.filter((name) => held.includes(name)) ?? []]),
  )
  return capabilities(kept)
}

const filter = (spec: Spec): Isolation => {
  const profile = spec.linux?.seccomp
  const noNew = processOf(spec).noNewPrivileges ?? false
  if (profile === undefined || profile === null) return { name: 'seccomp', child: noNew ? [noNewPrivileges()] : [] }
  return seccomp({ profile: parseSeccomp(profile), noNewPrivileges: noNew })
}

/**
 * Without CAP_SYS_ADMIN a filter takes no_new_privs; where that is not wanted, it comes while there still is one. Otherwise it
 * is the last but one: the steps behind it are held against it, too.
 */
export const rights: readonly Part[] = [
  (spec) =>
    rlimits((processOf(spec).rlimits ?? []).map(({ type, soft, hard }) => ({ type, soft: limit(soft), hard: limit(hard) }))),
  workingDirectory,
  (spec) => (processOf(spec).noNewPrivileges ? { name: 'seccomp' } : filter(spec)),
  (spec, { held }) => caps(spec, held).bounded,
  (spec, { mapsWrittenBy }) =>
    identity({ ...identityOf(processOf(spec)), groupsDenied: own(spec, 'user') && mapsWrittenBy === 'owner' }),
  (spec, { held }) => caps(spec, held).set,
  (spec) => ({ name: 'umask', child: [umask(processOf(spec).user.umask ?? 0o022)] }),
  (spec) => (processOf(spec).noNewPrivileges ? filter(spec) : { name: 'seccomp' }),
]

const identityOf = ({ user: { uid, gid, additionalGids } }: ProcessSpec) => ({
  uid,
  gid,
  ...(additionalGids && { additionalGids }),
})

/** What nothing here can give. No devices to move are nothing to refuse. */
export const refused: Part = ({ process, linux }) => {
  const asked = [
    ['process.selinuxLabel', 'as SELinux labels are not given here', process?.selinuxLabel],
    ['linux.mountLabel', 'as SELinux labels are not given here', linux?.mountLabel],
    ['linux.intelRdt', "as shares of the processor's cache are not set here", linux?.intelRdt && JSON.stringify(linux.intelRdt)],
    ['linux.netDevices', 'as devices are not moved here but by hooks', Object.keys(linux?.netDevices ?? {})[0]],
  ] as const
  for (const [field, why, got] of asked) if (got) throw new SpecError(`${field}: expected none, ${why}, got ${got}`)
  return { name: 'refused' }
}

/** Confines only where the kernel has it. Written while /proc is still the host's (CVE-2025-52881). */
export const appArmor: Part = (spec) => {
  const { apparmorProfile } = processOf(spec)
  if (!apparmorProfile || apparmorProfile === 'unconfined') return { name: 'apparmor' }
  if (!existsSync('/sys/kernel/security/apparmor')) {
    throw new SpecError(
      `process.apparmorProfile: expected a kernel with AppArmor, and this one has none, got ${apparmorProfile}`,
    )
  }
  return { name: 'apparmor', child: writeTo('/proc/self/attr/apparmor/exec', `exec ${apparmorProfile}`) }
}

/** Made if it is missing, as runc does; never through a link of /proc, which could lead out (CVE-2024-21626). */
function workingDirectory(spec: Spec): Isolation {
  const { cwd } = processOf(spec)
  const parts = cwd.split('/').filter(Boolean)
  const how = { flags: O_PATH | O_CLOEXEC, mode: 0, resolve: RESOLVE_NO_MAGICLINKS }
  return {
    name: 'cwd',
    child: [
      ...parts.map((_, i): Syscall => mayFail(mkdir(`/${parts.slice(0, i + 1).join('/')}`, 0o755))),
      { ...because('not through a link of /proc', { call: 'openat2', args: [AT_FDCWD, cwd, how, OPEN_HOW.size] }), as: 'cwd' },
      fchdir({ resultOf: 'cwd' }),
      close({ resultOf: 'cwd' }),
    ],
  }
}

export const last: Part = (_, { waits }) => ({
  name: 'start',
  child: [...gate('its creator has written down that it is there'), ...(waits.start ? startGate() : [])],
})

export const program: Part = (spec, { preserved, executable }) => {
  const { args, env = [] } = processOf(spec)
  return command({
    argv: args,
    env,
    preserved,
    ...(executable !== undefined && { execute: (argv, envp) => execve(executable, argv, envp) }),
  })
}
