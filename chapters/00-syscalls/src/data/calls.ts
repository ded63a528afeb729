// One constructor for each system call of the table, with the parameters of its man page (section 2).
//
//   sethostname('box')   → { call: 'sethostname', args: ['box', 3] }
//
// They only build data: lengths and sizes are filled in, nothing is called.
import {
  AF_INET, AF_NETLINK, AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW, BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI, BPF_PROG_ATTACH, BPF_PROG_LOAD, BPF_PROG_TYPE_CGROUP_DEVICE, CLOSE_RANGE_CLOEXEC,
  FSCONFIG_CMD_CREATE, FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC, F_ADD_SEALS, F_GETFL,
  F_SETFD, F_SETFL, LINUX_CAPABILITY_VERSION_3, MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH, OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE, O_CLOEXEC, O_PATH, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAP_AMBIENT_RAISE,
  PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_MM, PR_SET_MM_MAP, PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG,
  RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, SECCOMP_SET_MODE_FILTER, SIG, SIG_DFL, SIG_SETMASK, SIOCSIFFLAGS, SOCK_CLOEXEC,
  SOCK_DGRAM, S_IFCHR, S_IFREG,
} from './constants.ts'
import { SpecError } from '../errno.ts'
import { encodeName } from './names.ts'
import type { Out, ResultOf, Syscall } from './syscall.ts'
import { BPF_ATTACH, BPF_LOAD, CLONE_ARGS, CLONE_ARGS_SIZE_VER0, MM_MAP, MOUNT_ATTR, OPEN_HOW } from './table.ts'

/** A descriptor: a number, or the result of an earlier step. */
export type Fd = number | ResultOf

/** Larger than any descriptor. */
export const LAST_FD = 0xffff_ffff

const NANO = 1_000_000_000n
const length = (text: string): number => encodeName(text).length
/** The size of the kernel's sigset_t in bytes: 64 signals. */
const SIGSET = 8
/** sizeof(struct new_utsname): six fields of 65 bytes. @see uname(2) */
export const UTSNAME = 390

/**
 * @param child the steps of the child
 * @param cgroup the directory of the group that it is born in, with CLONE_INTO_CGROUP
 * @see clone3(2)
 */
export const clone3 = (flags: bigint, child: readonly Syscall[], cgroup?: ResultOf): Syscall => ({
  call: 'clone3',
  args: cgroup
    ? [{ flags, exit_signal: SIG['SIGCHLD'] ?? 0, cgroup }, CLONE_ARGS.size]
    : [{ flags, exit_signal: SIG['SIGCHLD'] ?? 0 }, CLONE_ARGS_SIZE_VER0],
  onZero: child,
})
export const execve = (path: string, argv: readonly string[], envp: readonly string[]): Syscall =>
  ({ call: 'execve', args: [path, argv, envp] })
/** Executes an open file. @see execveat(2), AT_EMPTY_PATH */
export const execveat = (file: Fd, argv: readonly string[], envp: readonly string[]): Syscall =>
  ({ call: 'execveat', args: [file, '', argv, envp, AT_EMPTY_PATH] })
export const exit_group = (status: number): Syscall => ({ call: 'exit_group', args: [status] })
export const wait4 = (pid: number | ResultOf, options: number): Syscall =>
  ({ call: 'wait4', args: [pid, { out: 4 }, options, null] })
export const getpid = (): Syscall => ({ call: 'getpid', args: [] })
export const setsid = (): Syscall => ({ call: 'setsid', args: [] })
/** SIGKILL for this process when its parent dies. @see PR_SET_PDEATHSIG(2const) */
export const dieWithParent = (): Syscall => ({ call: 'prctl', args: [PR_SET_PDEATHSIG, SIG['SIGKILL'] ?? 0] })
/** No program started from here on gains privileges. @see PR_SET_NO_NEW_PRIVS(2const) */
export const noNewPrivileges = (): Syscall => ({ call: 'prctl', args: [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0] })
/** No other process of this user may look into this one. @see PR_SET_DUMPABLE(2const) */
export const hideProcess = (): Syscall => ({ call: 'prctl', args: [PR_SET_DUMPABLE, 0, 0, 0, 0] })
/** What `ps` shows: at most 15 bytes. @see PR_SET_NAME(2const) */
export const setProcessName = (name: string): Syscall => ({ call: 'prctl', args: [PR_SET_NAME, name] })
/**
 * Another file as this process's executable. All code of the present one must be unmapped.
 * @param at an address that is mapped: program text, arguments and environment are said to be empty there
 * @param exe a descriptor. @see PR_SET_MM_MAP(2const)
 */
export const setExecutable = (at: bigint, exe: number): Syscall => {
  const fields = MM_MAP.fields.map(({ name }) => [name, name === 'end_code' || name === 'end_data' ? at + 16n : at])
  const map = { ...Object.fromEntries(fields), auxv: 0, auxv_size_exe_fd: BigInt(exe) << 32n }
  return { call: 'prctl', args: [PR_SET_MM, PR_SET_MM_MAP, map, MM_MAP.size, 0] }
}
/** @param flags SECCOMP_FILTER_FLAG_*. @param filter struct sock_filter[], 8 bytes each. @see seccomp(2) */
export const setSeccompFilter = (flags: number, filter: Buffer): Syscall =>
  ({ call: 'seccomp', args: [SECCOMP_SET_MODE_FILTER, flags, { len: filter.length / 8, filter: { hex: filter.toString('hex') } }] })
export const munmap = (address: bigint, length: bigint): Syscall => ({ call: 'munmap', args: [address, length] })
/** Block exactly these signals, such as `['SIGINT']`. @see rt_sigprocmask(2) */
export const blockSignals = (signals: readonly string[]): Syscall =>
  ({ call: 'rt_sigprocmask', args: [SIG_SETMASK, signals, null, SIGSET] })
/** Give a signal its default action again. @see rt_sigaction(2) */
export const defaultSignal = (signal: string): Syscall => {
  const number = Object.hasOwn(SIG, signal) ? SIG[signal] : undefined
  if (number === undefined) throw new SpecError(`signal: expected a name such as SIGPIPE, got ${signal}`)
  return { call: 'rt_sigaction', args: [number, { sa_handler: SIG_DFL, sa_mask: [], sa_flags: 0 }, null, SIGSET] }
}

// region names
export const unshare = (flags: bigint): Syscall => ({ call: 'unshare', args: [flags] })
export const setns = (fd: Fd, type: bigint): Syscall => ({ call: 'setns', args: [fd, type] })
export const sethostname = (name: string): Syscall => ({ call: 'sethostname', args: [name, length(name)] })
export const setdomainname = (name: string): Syscall => ({ call: 'setdomainname', args: [name, length(name)] })
// endregion
export const uname = (): Syscall => ({ call: 'uname', args: [{ out: UTSNAME }] })

export const setresuid = (uid: number): Syscall => ({ call: 'setresuid', args: [uid, uid, uid] })
export const setresgid = (gid: number): Syscall => ({ call: 'setresgid', args: [gid, gid, gid] })
/** Leave every supplementary group. @see setgroups(2) */
export const noGroups = (): Syscall => ({ call: 'setgroups', args: [0, null] })

export const chdir = (path: string): Syscall => ({ call: 'chdir', args: [path] })
export const chroot = (path: string): Syscall => ({ call: 'chroot', args: [path] })
export const umask = (mask: number): Syscall => ({ call: 'umask', args: [mask] })
export const mkdir = (path: string, mode: number): Syscall => ({ call: 'mkdirat', args: [AT_FDCWD, path, mode] })
/** A character device, such as 1:3 for /dev/null; the mode is subject to the umask. @see mknod(2), null(4) */
export const mknod = (path: string, mode: number, major: number, minor: number): Syscall =>
  ({ call: 'mknodat', args: [AT_FDCWD, path, S_IFCHR | mode, (major << 8) | minor] })
/** @param mode with the type, such as S_IFBLK */
export const makeNode = (path: string, mode: number, device: number): Syscall =>
  ({ call: 'mknodat', args: [AT_FDCWD, path, mode, device] })
/** @param time nanoseconds since 1970, for both; of a symlink, not of what it leads to. @see utimensat(2) */
export const setTimes = (path: string, time: bigint): Syscall => {
  const nsec = ((time % NANO) + NANO) % NANO
  const sec = (time - nsec) / NANO
  const times = { atime: sec, atime_nsec: nsec, mtime: sec, mtime_nsec: nsec }
  return { call: 'utimensat', args: [AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW] }
}
/** Of a symlink, not of what it leads to; each name with a NUL behind it. @see listxattr(2), xattr(7) */
export const listAttributes = (path: string, size: number): Syscall =>
  ({ call: 'llistxattr', args: [path, { out: size } satisfies Out, size] })
/** @see getxattr(2) */
export const getAttribute = (path: string, name: string, size: number): Syscall =>
  ({ call: 'lgetxattr', args: [path, name, { out: size } satisfies Out, size] })
/** @see setxattr(2) */
export const setAttribute = (path: string, name: string, value: Buffer): Syscall =>
  ({ call: 'lsetxattr', args: [path, name, { hex: value.toString('hex') }, value.length, 0] })
export const rmdir = (path: string): Syscall => ({ call: 'unlinkat', args: [AT_FDCWD, path, AT_REMOVEDIR] })
export const mount = (source: string | null, target: string, type: string | null, flags: number, data: string | null): Syscall =>
  ({ call: 'mount', args: [source, target, type, flags, data] })
export const umount2 = (target: string, flags: number): Syscall => ({ call: 'umount2', args: [target, flags] })
export const pivot_root = (newRoot: string, putOld: string): Syscall => ({ call: 'pivot_root', args: [newRoot, putOld] })

export const open = (path: string, flags: number, mode = 0): Syscall => ({ call: 'openat', args: [AT_FDCWD, path, flags, mode] })
export const close = (fd: Fd): Syscall => ({ call: 'close', args: [fd] })
/** @param last the last of them, too */
export const closeRange = (first: number, last: number): Syscall => ({ call: 'close_range', args: [first, last, 0] })
/** Every descriptor from this one on closes at the next execve. Linux 5.11. @see close_range(2) */
export const closeOnExecFrom = (first: number): Syscall =>
  ({ call: 'close_range', args: [first, LAST_FD, CLOSE_RANGE_CLOEXEC] })
export const read = (fd: Fd, count: number): Syscall => ({ call: 'read', args: [fd, { out: count } satisfies Out, count] })
export const write = (fd: Fd, text: string): Syscall => ({ call: 'write', args: [fd, text, length(text)] })
export const dup3 = (old: Fd, to: number, flags: number): Syscall => ({ call: 'dup3', args: [old, to, flags] })
export const pipe2 = (flags: number): Syscall => ({ call: 'pipe2', args: [{ out: 8 }, flags] })
/** Set the flags of the descriptor itself: FD_CLOEXEC or 0. @see F_SETFD(2const) */
export const setDescriptorFlags = (fd: number, flags: number): Syscall => ({ call: 'fcntl', args: [fd, F_SETFD, flags] })
export const getStatusFlags = (fd: number): Syscall => ({ call: 'fcntl', args: [fd, F_GETFL] })
export const setStatusFlags = (fd: number, flags: number): Syscall => ({ call: 'fcntl', args: [fd, F_SETFL, flags] })
export const memfd_create = (name: string, flags: number): Syscall => ({ call: 'memfd_create', args: [name, flags] })
/** From the beginning of `from`, at most `count` bytes. */
export const sendfile = (to: Fd, from: Fd, count: number): Syscall => ({ call: 'sendfile', args: [to, from, null, count] })
/** What can be done to a memfd no more: F_SEAL_*. @see F_ADD_SEALS(2const) */
export const addSeals = (fd: Fd, seals: number): Syscall => ({ call: 'fcntl', args: [fd, F_ADD_SEALS, seals] })

/** A descriptor of what a path leads to, and no more: to attach something there. The way never leaves `root`. */
export const openInRoot = (root: Fd, path: string): Syscall => ({
  call: 'openat2',
  args: [root, path, { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT }, OPEN_HOW.size],
})
export const mkdirAt = (dir: Fd, name: string, mode: number): Syscall => ({ call: 'mkdirat', args: [dir, name, mode] })
/** An empty file, never through a symbolic link. */
export const mkfileAt = (dir: Fd, name: string, mode: number): Syscall =>
  ({ call: 'mknodat', args: [dir, name, S_IFREG | mode, 0] })
export const mkdeviceAt = (dir: Fd, name: string, mode: number, major: number, minor: number): Syscall =>
  ({ call: 'mknodat', args: [dir, name, S_IFCHR | mode, (major << 8) | minor] })
export const symlinkAt = (target: string, dir: Fd, name: string): Syscall => ({ call: 'symlinkat', args: [target, dir, name] })
export const fchdir = (fd: Fd): Syscall => ({ call: 'fchdir', args: [fd] })

/** A copy of the mount at a path, not yet attached anywhere; with all mounts below it if asked to. */
export const openTree = (dir: Fd, path: string, recursive: boolean): Syscall => ({
  call: 'open_tree',
  args: [dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (path === '' ? AT_EMPTY_PATH : 0) | (recursive ? AT_RECURSIVE : 0)],
})
/** Attaches a mount, both places given by descriptor. */
export const moveMount = (mount: Fd, target: Fd): Syscall =>
  ({ call: 'move_mount', args: [mount, '', target, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH] })
export const fsopen = (type: string): Syscall => ({ call: 'fsopen', args: [type, FSOPEN_CLOEXEC] })
/** A parameter of the file system to come: a flag if it has no value. */
export const fsconfig = (fs: Fd, key: string, value?: string): Syscall => ({
  call: 'fsconfig', args: [fs, value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key, value ?? null, 0],
})
export const fscreate = (fs: Fd): Syscall => ({ call: 'fsconfig', args: [fs, FSCONFIG_CMD_CREATE, null, null, 0] })
export const fsmount = (fs: Fd, attributes: number): Syscall => ({ call: 'fsmount', args: [fs, FSMOUNT_CLOEXEC, attributes] })
/** @param attr MOUNT_ATTR_* to set and to clear, and a propagation MS_*, 0 for none */
export const setMountAttributes = (
  mount: Fd, attr: { set?: number; clear?: number; propagation?: number }, recursive: boolean,
): Syscall => ({
  call: 'mount_setattr',
  args: [
    mount, '', AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
    { attr_set: attr.set ?? 0, attr_clr: attr.clear ?? 0, propagation: attr.propagation ?? 0, userns_fd: 0 }, MOUNT_ATTR.size,
  ],
})

/** A socket for rtnetlink messages: each is a datagram of its own. @see netlink(7), rtnetlink(7) */
export const netlinkSocket = (): Syscall => ({ call: 'socket', args: [AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 0] })
/** Something to make an ioctl for a network device on. @see netdevice(7) */
export const deviceSocket = (): Syscall => ({ call: 'socket', args: [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0] })
export const setInterfaceFlags = (socket: Fd, name: string, flags: number): Syscall =>
  ({ call: 'ioctl', args: [socket, SIOCSIFFLAGS, { ifr_name: name, ifr_flags: flags }] })
/** To the kernel: a netlink socket needs no address for that. */
export const send = (socket: Fd, message: Buffer, flags = 0): Syscall =>
  ({ call: 'sendto', args: [socket, { hex: message.toString('hex') }, message.length, flags, null, 0] })
/** @param size of the buffer in bytes; a longer datagram is cut off */
export const receive = (socket: Fd, size: number, flags = 0): Syscall =>
  ({ call: 'recvfrom', args: [socket, { out: size }, size, flags, null, null] })
/** @param value an int */
export const setSocketOption = (socket: Fd, level: number, option: number, value: number): Syscall => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return { call: 'setsockopt', args: [socket, level, option, { hex: bytes.toString('hex') }, bytes.length] }
}

/** struct bpf_insn: eight bytes each. */
const BPF_INSTRUCTION = 8
/** A program that says which devices a group may use. @see bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE */
export const bpfLoad = (instructions: Buffer): Syscall => ({
  call: 'bpf',
  args: [BPF_PROG_LOAD, {
    type_and_count: BPF_PROG_TYPE_CGROUP_DEVICE | (BigInt(instructions.length / BPF_INSTRUCTION) << 32n),
    insns: { hex: instructions.toString('hex') }, license: 'GPL', log: 0, log_buf: 0, kernel: 0,
  }, BPF_LOAD.size],
})
/** @param group a directory of the unified tree. Programs of groups above and below are asked too. */
export const bpfAttach = (group: number, program: number): Syscall => ({
  call: 'bpf',
  args: [BPF_PROG_ATTACH, {
    target_and_program: BigInt(group) | (BigInt(program) << 32n), type_and_flags: BPF_CGROUP_DEVICE | (BPF_F_ALLOW_MULTI << 32n),
  }, BPF_ATTACH.size],
})

/** Never again, for this process and all that it executes. @param capability CAP_*. @see PR_CAPBSET_DROP(2const) */
export const dropBounding = (capability: number): Syscall => ({ call: 'prctl', args: [PR_CAPBSET_DROP, capability] })
/** The permitted set survives the next change of user. @see PR_SET_KEEPCAPS(2const) */
export const keepCapabilities = (): Syscall => ({ call: 'prctl', args: [PR_SET_KEEPCAPS, 1] })
/** Kept by a program without capabilities of its own. @see PR_CAP_AMBIENT(2const) */
export const raiseAmbient = (capability: number): Syscall =>
  ({ call: 'prctl', args: [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0] })
export const clearAmbient = (): Syscall => ({ call: 'prctl', args: [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0] })
/** Names such as CAP_CHOWN. @see capset(2) */
export const capset = (sets: Readonly<Record<'effective' | 'permitted' | 'inheritable', readonly string[]>>): Syscall =>
  ({ call: 'capset', args: [{ version: LINUX_CAPABILITY_VERSION_3, pid: 0 }, sets] })
/** @param resource RLIMIT_*. @see prlimit(2) */
export const setLimit = (resource: number, soft: bigint, hard: bigint): Syscall =>
  ({ call: 'prlimit64', args: [0, resource, { rlim_cur: soft, rlim_max: hard }, null] })
/** @see setgroups(2) */
export const setgroups = (groups: readonly number[]): Syscall => {
  const list = Buffer.from(Uint32Array.from(groups).buffer)
  return { call: 'setgroups', args: [groups.length, { hex: list.toString('hex') }] }
}
