// A wrong plan is dangerous: one without CLONE_NEWUTS, run as root, renames the machine. So every plan of an answer
// runs in an outer sandbox, which is the machine to it: namespaces of its own, root without any right outside, a root
// file system.
//
//   sandbox(isolation, frame)   → { list, setup, clone }: what PID 1 of the sandbox does, up to a clone3 with the
//                                 answer's flags and steps, and then a probe that waits to be looked at
//
// Its mounts are shared, as systemd leaves those of a machine: a mount that an answer does not keep to itself shows up.
// Invariant: pure. Before the first step of the answer, every descriptor but three pipes is closed, all privileges
// end at the sandbox's user namespace, and the machine's files are out of sight.
import {
  because, chdir, clone3, close, CLONE_CLEAR_SIGHAND, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS,
  CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, command, dieWithParent, dup3, exit_group, hideProcess, mayFail, mkdir,
  MNT_DETACH, mount, MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, MS_SHARED, noGroups, open,
  O_CLOEXEC, O_CREAT, O_WRONLY, pivot_root, PR_SET_DUMPABLE, read, RLIMIT, setdomainname, setgroups, sethostname, setLimit,
  setresgid, setresuid, setsid, SpecError, umount2, unshare, wait4, WALL, write, type Beside, type FileWrite,
  type Isolation, type Syscall,
} from '@pocker/syscalls'
import { MOST_PROCESSES } from './fence.ts'
import type { GroupFrame } from './groups.ts'
import type { Places } from './places.ts'
import { handedOn, type Handed } from './rights.ts'

export const SANDBOX_FLAGS = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET
  | CLONE_NEWCGROUP | CLONE_CLEAR_SIGHAND

/** Whose the container is: his ids in the sandbox. */
export interface User {
  readonly uid: number
  readonly gid: number
  /** He writes the container's maps himself; otherwise root does, as newuidmap would for him. */
  readonly alone?: true
}

export interface Names { readonly nodename: string; readonly domainname: string }

/** The machine that a sandbox is. */
export interface Machine {
  readonly places: Places
  /** The sandbox's own names, random: whoever changes them would have renamed the machine. */
  readonly names: Names
  /** Whether the ids of many users are mapped, so that root inside is a stranger outside. */
  readonly manyUsers: boolean
  /** Its hierarchies of control groups, and files that stand for some. */
  readonly groups?: GroupFrame
  /** Directories of the real machine that it has, too: where they are there, and here. */
  readonly shows?: readonly (readonly [from: string, at: string])[]
}

/** What the runner gives to a sandbox. */
export interface Frame extends Machine {
  readonly stdin: number
  readonly out: number
  /** Where the first byte says that the maps are written, and the second that the sandbox has been looked at. */
  readonly gate: number
  /** The other descriptors that are open. */
  readonly foreign: readonly number[]
  /** So many processes, each process 1 of a PID namespace, with a network, of its own; in the sandbox they are 2, 3, … */
  readonly neighbours: number
  /** Without one it is root's, as PID 1 is. */
  readonly user?: User
  /** What PID 1 has before the answer's first step. */
  readonly handed?: Handed
  /** A pipe of the sandbox's own: the container waits at it until its maps are written. */
  readonly door?: { readonly reader: number; readonly writer: number }
  /** A path at which the probe makes a file. */
  readonly file?: string
  /** MiB of memory that a child of the probe's uses, before the probe says that it runs. */
  readonly touches?: number
  /** What PID 1 and each neighbour print when they are set up: before the answer's first step. */
  readonly built: string
  /** What the probe prints when it runs. */
  readonly ready: string
  /** What PID 1 prints when it knows the container's number: the probe may be faster than that. */
  readonly made: string
}

export interface Sandboxed {
  readonly list: readonly Syscall[]
  /** Those of the list's steps that are the grader's: if one of them fails, it is not the answer's fault. */
  readonly setup: ReadonlySet<Syscall>
  /** The step whose result is the container's number in the sandbox. */
  readonly clone: Syscall
  /** Steps by which PID 1 does what the plan wants done beside the container. */
  readonly beside: ReadonlyMap<Syscall, FileWrite>
}

export function sandbox(isolation: Isolation, frame: Frame): Sandboxed {
  const { before = [], child = [], flags = 0n, beside = [] } = isolation
  const inside = [...atDoor(frame), ...child, ...waiting(frame.ready, frame)]
  const clone = { ...clone3(flags | CLONE_CLEAR_SIGHAND, inside), as: frame.made }
  const setup = [
    ...descriptors(frame), ...machineSteps(frame),
    ...neighbours(frame), ...lookedAt(frame), ...became(frame), ...handedOn(frame.handed ?? {}),
  ]
  const [shown, hidden] = ownFiles(before, frame)
  const writes = written(beside, FIRST_CHILD + frame.neighbours)
  const end = [
    write(1, `${frame.made}\n`),
    because('not for its orphans: when the container ends, PID 1 goes, and all go with it', wait4({ resultOf: frame.made }, WALL)),
    exit_group(0),
  ]
  return {
    // An answer's own steps may spoil those behind them: what only a plan with maps has is not the grader's fault then.
    list: [...setup, ...shown, ...before, ...hidden, clone, ...rootAgain(frame), ...writes.keys(), ...opened(frame), ...end],
    setup: new Set([...setup, ...shown, ...hidden, ...end]), clone, beside: writes,
  }
}

/** PID 1's children have these numbers in the sandbox: neighbours first, then the container. */
export const FIRST_CHILD = 2

/**
 * What an answer wants written is written by PID 1 of the sandbox, with the sandbox's /proc: no path leads out.
 * @param number of the container in the sandbox
 * @throws {SpecError} for a program: there is no host in here that could run it
 */
export function written(beside: readonly Beside[], number: number): Map<Syscall, FileWrite> {
  return new Map(beside.flatMap((work, i) => {
    if ('run' in work) throw new SpecError(`beside: expected a path and data, got the program ${work.run[0] ?? ''}`)
    const [name, path] = [`beside ${i}`, work.path.replaceAll('{pid}', String(number))]
    const steps: Syscall[] = [
      { ...open(path, O_WRONLY | O_CLOEXEC), as: name }, write({ resultOf: name }, work.data), close({ resultOf: name }),
    ]
    return steps.map((step) => [step, work] as const)
  }))
}

/** The container is no copy to look into, once the files that it has in /proc are written. */
export const atDoor = ({ door }: Pick<Frame, 'door'>): Syscall[] => (door ? [
  close(door.writer), because('until the maps are written', through(door.reader)), close(door.reader), hideProcess(),
] : [])

export const opened = ({ door }: Pick<Frame, 'door'>): Syscall[] =>
  (door ? [hideProcess(), write(door.writer, '.'), close(door.writer), close(door.reader)] : [])

/** PID 1 becomes the user. Where root is to help him, root remains its saved user. */
function became({ user }: Frame): Syscall[] {
  if (!user) return []
  const { uid, gid, alone } = user
  return [
    ...(uid === 0 ? [because('a group to leave', setgroups([0]))] : []),
    { call: 'setresgid', args: [gid, gid, alone ? gid : 0] }, { call: 'setresuid', args: [uid, uid, alone ? uid : 0] },
    because('or the files of its child in /proc would be root\'s', { call: 'prctl', args: [PR_SET_DUMPABLE, 1, 0, 0, 0] }),
    because('whoever changes his user has forgotten it', dieWithParent()),
  ]
}

/** As newuidmap is, which the user would run. */
const rootAgain = ({ user }: Frame): Syscall[] => (user && user.uid !== 0 && !user.alone
  ? [setresuid(0), dieWithParent(), { call: 'prctl', args: [PR_SET_DUMPABLE, 1, 0, 0, 0] }] : [])

function descriptors({ stdin, out, gate, foreign }: Frame): Syscall[] {
  return [
    dup3(stdin, 0, 0), dup3(out, 1, 0), dup3(out, 2, 0),
    ...[stdin, out, ...foreign].filter((fd) => fd !== gate && fd > 2).map((fd) => mayFail(close(fd))),
    because('until the user map is written', through(gate)),
  ]
}

/** Waits for a byte; the other end closed means that the grader is gone. */
export const through = (gate: number): Syscall => ({ ...read(gate, 1), onZero: [exit_group(125)] })

const PROCESSES = BigInt(MOST_PROCESSES)

/** Root of the sandbox's user namespace, and of nothing else. */
const identity = (manyUsers: boolean): Syscall[] => [
  because('kill(0, …) goes to a whole process group, whatever PID namespaces its members are in', setsid()),
  ...(manyUsers ? [noGroups(), setresgid(0), setresuid(0)] : []),
  because('not even where there are no control groups', setLimit(RLIMIT['RLIMIT_NPROC'] ?? 0, PROCESSES, PROCESSES)),
  because('no dump of a program that an answer ends', setLimit(RLIMIT['RLIMIT_CORE'] ?? 0, 0n, 0n)),
  because('and not outlive the grader', dieWithParent()),
]

/**
 * After a change of user, the files of a process in /proc are the real root's. `before` may have to write to one of them,
 * timens_offsets. The container begins hidden: it has PID 1's memory until it executes.
 * @returns steps before and behind it
 */
function ownFiles(before: readonly Syscall[], { manyUsers, user }: Frame): readonly [Syscall[], Syscall[]] {
  if (!manyUsers || user || before.length === 0) return [[], []]
  return [[because('its files in /proc are its own', { call: 'prctl', args: [PR_SET_DUMPABLE, 1, 0, 0, 0] })], [hideProcess()]]
}

function root({ places: { rootfs, empty }, manyUsers, groups, shows = [] }: Machine): Syscall[] {
  const safe = MS_NOSUID | MS_NODEV
  return [
    because('no mount made here is seen outside', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
    ...(manyUsers
      ? [
        mount(rootfs, rootfs, null, MS_BIND | MS_REC, null),
        mount(null, rootfs, null, MS_REMOUNT | MS_BIND | MS_RDONLY | safe, null),
      ]
      : [because('its files are root\'s in here, who can make a bind writable, and no overlay without a layer to write to',
        mount('overlay', rootfs, 'overlay', MS_RDONLY | safe, `lowerdir=${[rootfs, empty].map(escaped).join(':')}`))]),
    because('one that hides nothing, so that containers inside can have theirs',
      mount('proc', `${rootfs}/proc`, 'proc', safe | MS_NOEXEC, null)),
    mount('tmpfs', `${rootfs}/tmp`, 'tmpfs', safe, 'size=16m,mode=1777'),
    ...(groups ? hierarchies(groups, rootfs) : []),
    ...shows.flatMap(([from, at]) => [mayFail(mkdir(rootfs + at, 0o755)), mount(from, rootfs + at, null, MS_BIND | MS_REC, null)]),
    chdir(rootfs), pivot_root('.', '.'), umount2('.', MNT_DETACH), chdir('/'),
    because('as systemd leaves a machine', mount(null, '/', null, MS_REC | MS_SHARED, null)),
  ]
}

/** @see the kernel's Documentation/filesystems/overlayfs.rst, "Multiple lower layers" */
const escaped = (path: string): string => path.replace(/[\\:,]/g, '\\$&')

/** The grader has put PID 1 into its group: that is the root of all that it sees of them. */
function hierarchies({ binds, plain }: GroupFrame, rootfs: string): Syscall[] {
  const parents = (path: string): Syscall[] => path.split('/').slice(1, -1)
    .map((_, i, parts) => mayFail(mkdir(`${rootfs}/${parts.slice(0, i + 1).join('/')}`, 0o755), 'EEXIST'))
  return [
    unshare(CLONE_NEWCGROUP), mount('tmpfs', `${rootfs}/sys`, 'tmpfs', MS_NOSUID | MS_NODEV, 'size=1m,mode=755'),
    ...binds.flatMap(([from, at]) => [...parents(`${at}/`), mount(from, rootfs + at, null, MS_BIND, null)]),
    ...plain.flatMap((path) => [
      ...parents(path), { ...open(rootfs + path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644), as: path }, close({ resultOf: path }),
    ]),
  ]
}

/** @returns steps that make one, in fresh namespaces */
export const machineSteps = (frame: Machine): Syscall[] =>
  [...identity(frame.manyUsers), ...root(frame), ...machineNames(frame.names)]

const machineNames = ({ nodename, domainname }: Names): Syscall[] => [sethostname(nodename), setdomainname(domainname)]

/** Programs, since only a program's namespaces can be opened: the kernel guards a process that has changed its user. */
const neighbours = ({ neighbours: count, built }: Frame): Syscall[] =>
  Array.from({ length: count }, () => clone3(CLONE_NEWPID | CLONE_NEWNET | CLONE_CLEAR_SIGHAND, waiting(built)))

const MiB = 1024 * 1024

/** The steps of a process that says a word, and then waits for an input that never comes. */
const waiting = (word: string, { file, touches }: Pick<Frame, 'file' | 'touches'> = {}): readonly Syscall[] => {
  const make = file === undefined ? '' : `(: > ${file}); `
  const touch = touches === undefined ? '' : `awk 'BEGIN { text = sprintf("%${touches * MiB}s", "") }'; `
  return command({ argv: ['/bin/sh', '-c', `${make}${touch}echo ${word}; read -r line`], cwd: '/' }).child ?? []
}

const lookedAt = ({ gate, built }: Frame): Syscall[] =>
  [write(1, `${built}\n`), because('until the grader has seen what is here', through(gate)), close(gate)]

/** Above all users that a machine has itself. */
export const FIRST_ID = 100_000
const IDS = 65_536

/**
 * @param ownMap the text of /proc/self/uid_map: which users there are here
 * @param ids of the grader
 * @returns what the parent writes while the sandbox waits
 */
export function idMaps(ownMap: string, ids: { uid: number; gid: number }): { manyUsers: boolean; writes: FileWrite[] } {
  const enough = ownMap.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number))
    .some(([first = 0, , count = 0]) => first <= FIRST_ID && first + count >= FIRST_ID + IDS)
  if (ids.uid === 0 && enough) {
    const data = `0 ${FIRST_ID} ${IDS}`
    return { manyUsers: true, writes: ['uid_map', 'gid_map'].map((file) => ({ path: `/proc/{pid}/${file}`, data })) }
  }
  return {
    manyUsers: false,
    writes: [
      { path: '/proc/{pid}/setgroups', data: 'deny' },
      { path: '/proc/{pid}/uid_map', data: `0 ${ids.uid} 1` },
      { path: '/proc/{pid}/gid_map', data: `0 ${ids.gid} 1` },
    ],
  }
}
