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
  CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, command, dieWithParent, dup3, exit_group, mayFail, MNT_DETACH, mount,
  MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, MS_SHARED, noGroups, pivot_root,
  read, setdomainname, sethostname, setresgid, setresuid, umount2, wait4, WALL, write, type FileWrite, type Isolation,
  type Syscall,
} from '@pocker/syscalls'

export const SANDBOX_FLAGS = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET
  | CLONE_NEWCGROUP | CLONE_CLEAR_SIGHAND

export interface Names { readonly nodename: string; readonly domainname: string }

/** What the runner gives to a sandbox. */
export interface Frame {
  readonly rootfs: string
  /** The sandbox's own names, random: whoever changes them would have renamed the machine. */
  readonly names: Names
  /** Whether the ids of many users are mapped, so that root inside is a stranger outside. */
  readonly manyUsers: boolean
  readonly stdin: number
  readonly out: number
  /** Where the first byte says that the maps are written, and the second that the sandbox has been looked at. */
  readonly gate: number
  /** The other descriptors that are open. */
  readonly foreign: readonly number[]
  /** So many processes, each of them process 1 of a PID namespace of its own; in the sandbox they are 2, 3, … */
  readonly neighbours: number
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
}

export function sandbox(isolation: Isolation, frame: Frame): Sandboxed {
  const { before = [], child = [], flags = 0n } = isolation
  const clone = clone3(flags | CLONE_CLEAR_SIGHAND, [...child, ...waiting(frame.ready)])
  const setup = [
    ...descriptors(frame), ...identity(frame.manyUsers), ...root(frame.rootfs), ...machineNames(frame.names),
    ...neighbours(frame), ...lookedAt(frame),
  ]
  const end = [
    write(1, `${frame.made}\n`),
    because('whoever ends first: PID 1 goes, and all go with it', wait4(-1, WALL)), exit_group(0),
  ]
  return { list: [...setup, ...before, clone, ...end], setup: new Set([...setup, ...end]), clone }
}

function descriptors({ stdin, out, gate, foreign }: Frame): Syscall[] {
  return [
    dup3(stdin, 0, 0), dup3(out, 1, 0), dup3(out, 2, 0),
    ...[stdin, out, ...foreign].filter((fd) => fd !== gate && fd > 2).map((fd) => mayFail(close(fd))),
    because('until the user map is written', through(gate)),
  ]
}

/** Waits for a byte; the other end closed means that the grader is gone. */
const through = (gate: number): Syscall => ({ ...read(gate, 1), onZero: [exit_group(125)] })

/** Root of the sandbox's user namespace, and of nothing else. */
const identity = (manyUsers: boolean): Syscall[] => [
  ...(manyUsers ? [noGroups(), setresgid(0), setresuid(0)] : []),
  because('and not outlive the grader', dieWithParent()),
]

function root(rootfs: string): Syscall[] {
  const safe = MS_NOSUID | MS_NODEV
  return [
    because('no mount made here is seen outside', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
    mount(rootfs, rootfs, null, MS_BIND | MS_REC, null),
    mount(null, rootfs, null, MS_REMOUNT | MS_BIND | MS_RDONLY | safe, null),
    because('one that hides nothing, so that containers inside can have theirs',
      mount('proc', `${rootfs}/proc`, 'proc', safe | MS_NOEXEC, null)),
    mount('tmpfs', `${rootfs}/tmp`, 'tmpfs', safe, 'size=16m,mode=1777'),
    chdir(rootfs), pivot_root('.', '.'), umount2('.', MNT_DETACH), chdir('/'),
    because('as systemd leaves a machine', mount(null, '/', null, MS_REC | MS_SHARED, null)),
  ]
}

const machineNames = ({ nodename, domainname }: Names): Syscall[] => [sethostname(nodename), setdomainname(domainname)]

/** Programs, since only a program's namespaces can be opened: the kernel guards a process that has changed its user. */
const neighbours = ({ neighbours: count, built }: Frame): Syscall[] =>
  Array.from({ length: count }, () => clone3(CLONE_NEWPID | CLONE_CLEAR_SIGHAND, waiting(built)))

/** The steps of a process that says a word, and then waits for an input that never comes. */
const waiting = (word: string): readonly Syscall[] =>
  command({ argv: ['/bin/sh', '-c', `echo ${word}; read -r line`], cwd: '/' }).child ?? []

const lookedAt = ({ gate, built }: Frame): Syscall[] =>
  [write(1, `${built}\n`), because('until the grader has seen what is here', through(gate)), close(gate)]

/** Above all users that a machine has itself. */
const FIRST_ID = 100_000
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
