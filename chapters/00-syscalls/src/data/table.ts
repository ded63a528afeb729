// The system calls: one row each, with its number on both machines, its parameters, and what it does in one line.
//
//   SYSCALLS.sethostname   → { x64: 170, arm64: 161, params: [string('name'), int('len')], about: … }
//   paramsOf(call)         → the parameters, where they depend on the first argument (prctl, fcntl)
//
// The table drives everything else: encoding into memory, printing like strace, reading plans back from JSON.
// Numbers: <asm/unistd_64.h> (x86-64) and <asm-generic/unistd.h> (arm64).
import {
  AF, AT, BPF, CAP, CAPABILITY_VERSION, CAP_AMBIENT, CLONE, CLOSE_RANGE, F, FALLOC, FD, FSCONFIG, FSMOUNT, FSOPEN, IFF, IOCTL,
  IOPRIO_WHO, IPPROTO, KEYCTL, LOCK, MFD, MNT, MOUNT_ATTRS, MOVE_MOUNT, MS, MSG, NETLINK, O, O_DESCRIPTOR, OPEN_TREE, PR,
  PR_SET_MM_WHAT, RESOLVE, RLIMIT, RSEQ, SEAL, SECCOMP, SECCOMP_FILTER_FLAG, SIG, SIG_HANDLER, SIG_HOW, SOCK, W, type Names,
} from './constants.ts'
import type { Syscall } from './syscall.ts'

/** How an argument is given, put into memory, and printed. */
export type Kind =
  | { readonly is: 'int' | 'fd' | 'mode' | 'string' | 'strings' | 'bytes' | 'out' | 'signals' | 'mask' | 'device' }
  | { readonly is: 'chars'; readonly size: number }
  /** Names of capabilities: two words of 32 bits, the upper one so many bytes behind the lower. */
  | { readonly is: 'capabilities'; readonly apart: number }
  | { readonly is: 'flags' | 'one'; readonly names: Names }
  | { readonly is: 'struct'; readonly layout: Layout }

export interface Param { readonly name: string; readonly kind: Kind }

/** A C struct: its fields in order, 8 bytes each unless said otherwise. */
export interface Layout { readonly size: number; readonly fields: readonly (Param & { readonly at: number })[] }

type Of<T> = (name: string, extra: T) => Param
const simple = (is: 'int' | 'fd' | 'mode' | 'string' | 'strings' | 'bytes' | 'out' | 'signals' | 'mask' | 'device') =>
  (name: string): Param => ({ name, kind: { is } })
const int = simple('int'), fd = simple('fd'), mode = simple('mode'), string = simple('string')
const strings = simple('strings'), out = simple('out'), signals = simple('signals'), mask = simple('mask')
const device = simple('device'), bytes = simple('bytes')
const flags: Of<Names> = (name, names) => ({ name, kind: { is: 'flags', names } })
const one: Of<Names> = (name, names) => ({ name, kind: { is: 'one', names } })
const struct: Of<Layout> = (name, layout) => ({ name, kind: { is: 'struct', layout } })
const layout = (size: number, ...fields: Param[]): Layout =>
  ({ size, fields: fields.map((field, i) => ({ ...field, at: 8 * i })) })

/** struct clone_args, <linux/sched.h>. Who is born in no group passes the first 64 bytes (CLONE_ARGS_SIZE_VER0), as glibc does. */
export const CLONE_ARGS = layout(88,
  flags('flags', CLONE), out('pidfd'), int('child_tid'), int('parent_tid'), one('exit_signal', SIG), int('stack'),
  int('stack_size'), int('tls'), int('set_tid'), int('set_tid_size'), fd('cgroup'))
export const CLONE_ARGS_SIZE_VER0 = 64
/** struct sigaction of the kernel, <asm/signal.h> */
const SIGACTION = layout(32, one('sa_handler', SIG_HANDLER), int('sa_flags'), int('sa_restorer'), mask('sa_mask'))

/** struct prctl_mm_map, <linux/prctl.h>; the last of its fields is two: auxv_size, and in the upper half exe_fd. */
export const MM_MAP = layout(104,
  ...['start_code', 'end_code', 'start_data', 'end_data', 'start_brk', 'brk', 'start_stack', 'arg_start', 'arg_end', 'env_start',
    'env_end', 'auxv', 'auxv_size_exe_fd'].map((name) => int(name)))

/** Two struct timespec, <linux/time.h>: when it was read, and when it was changed. */
const TIMES = layout(32, int('atime'), int('atime_nsec'), int('mtime'), int('mtime_nsec'))

/** struct ifreq, <linux/if.h>, as SIOCGIFFLAGS and SIOCSIFFLAGS read it. @see netdevice(7) */
const IFREQ: Layout = { size: 40, fields: [
  { name: 'ifr_name', kind: { is: 'chars', size: 16 }, at: 0 }, { name: 'ifr_flags', kind: { is: 'flags', names: IFF }, at: 16 },
] }

/** union bpf_attr of BPF_PROG_LOAD, <linux/bpf.h>: its first field is two, the type and the number of instructions. */
export const BPF_LOAD = layout(48,
  int('type_and_count'), bytes('insns'), string('license'), int('log'), int('log_buf'), int('kernel'))
/** union bpf_attr of BPF_PROG_ATTACH: the group, and in the upper half the program; the place, and in the upper half flags. */
export const BPF_ATTACH = layout(16, int('target_and_program'), int('type_and_flags'))

/** struct __user_cap_header_struct: a process, 0 for the calling one. @see capget(2) */
const CAP_HEADER: Layout = { size: 12, fields: [
  { name: 'version', kind: { is: 'one', names: CAPABILITY_VERSION }, at: 0 }, { name: 'pid', kind: { is: 'int' }, at: 4 },
] }
/** Two of struct __user_cap_data_struct: three sets, 32 bits of each in the first, 32 in the second. */
const CAP_DATA: Layout = { size: 24, fields: ['effective', 'permitted', 'inheritable'].map((name, i) =>
  ({ name, kind: { is: 'capabilities', apart: 12 }, at: 4 * i })) }
/** struct rlimit64 */
const RLIMIT64 = layout(16, int('rlim_cur'), int('rlim_max'))

/** struct open_how, <linux/openat2.h> */
export const OPEN_HOW = layout(24, flags('flags', O), mode('mode'), flags('resolve', RESOLVE))
/** struct mount_attr, <linux/mount.h> */
export const MOUNT_ATTR = layout(32,
  flags('attr_set', MOUNT_ATTRS), flags('attr_clr', MOUNT_ATTRS), flags('propagation', MS), int('userns_fd'))

/** struct sock_fprog, <linux/filter.h>: the kernel reads 2 bytes of `len`, the number of instructions, of 8 bytes each. */
const SOCK_FPROG = layout(16, int('len'), bytes('filter'))

/** struct iovec, and struct msghdr with one of them. @see sendmsg(2) */
const IOVEC = layout(16, bytes('iov_base'), int('iov_len'))
const MSGHDR = layout(56,
  int('msg_name'), int('msg_namelen'), struct('msg_iov', IOVEC), int('msg_iovlen'), bytes('msg_control'), int('msg_controllen'),
  int('msg_flags'))

/** The same for what comes in: the kernel fills both. @see recvmsg(2) */
const RECEIVED = layout(56,
  int('msg_name'), int('msg_namelen'), struct('msg_iov', layout(16, out('iov_base'), int('iov_len'))), int('msg_iovlen'),
  out('msg_control'), int('msg_controllen'), int('msg_flags'))

interface Row {
  readonly x64: number
  readonly arm64: number
  readonly params: readonly Param[]
  /** Further parameters for a value of the option: prctl and fcntl mean something else for each. */
  readonly variants?: { readonly on: number; readonly of: Readonly<Record<number, readonly Param[]>> }
  readonly about: string
}
const row = (x64: number, arm64: number, params: readonly Param[], about: string, variants?: Row['variants']): Row =>
  ({ x64, arm64, params, about, ...(variants && { variants }) })

export const SYSCALLS = {
  // processes
  clone3: row(435, 435, [struct('args', CLONE_ARGS), int('size')], 'make a process, in new namespaces where flags say so'),
  execve: row(59, 221, [string('path'), strings('argv'), strings('envp')], 'become the program'),
  execveat: row(322, 281, [fd('dirfd'), string('path'), strings('argv'), strings('envp'), flags('flags', AT)],
    'become the program'),
  exit_group: row(231, 94, [int('status')], 'end the process'),
  wait4: row(61, 260, [int('pid'), out('status'), flags('options', W), out('rusage')], 'wait for a child to end'),
  getpid: row(39, 172, [], 'the number of this process'),
  pidfd_open: row(434, 434, [int('pid'), int('flags')], 'a descriptor of a process'),
  pidfd_send_signal: row(424, 424, [fd('pidfd'), one('signal', SIG), int('info'), int('flags')], 'send a signal to it'),
  setsid: row(112, 157, [], 'a session of its own: no controlling terminal'),
  prctl: row(157, 167, [one('option', PR)], 'set a property of this process', { on: 0, of: {
    1: [one('signal', SIG)],
    4: [int('on'), int('0'), int('0'), int('0')],
    15: [string('name')],
    8: [int('on')],
    24: [one('capability', CAP)],
    35: [one('what', PR_SET_MM_WHAT), struct('map', MM_MAP), int('size'), int('0')],
    47: [one('what', CAP_AMBIENT), int('capability'), int('0'), int('0')],
    38: [int('on'), int('0'), int('0'), int('0')],
  } }),
  rt_sigprocmask: row(14, 135, [one('how', SIG_HOW), signals('set'), out('old'), int('size')], 'set which signals are blocked'),
  rt_sigaction: row(13, 134, [one('signal', SIG), struct('action', SIGACTION), out('old'), int('size')], 'set what a signal does'),
  bpf: row(321, 280, [one('command', BPF)], 'load or attach a program that the kernel runs', { on: 0, of: {
    5: [struct('attr', BPF_LOAD), int('size')],
    8: [struct('attr', BPF_ATTACH), int('size')],
  } }),
  seccomp: row(317, 277, [one('operation', SECCOMP), flags('flags', SECCOMP_FILTER_FLAG), struct('args', SOCK_FPROG)],
    'filter the system calls of this process'),
  munmap: row(11, 215, [int('address'), int('length')], 'give memory back'),
  rseq: row(334, 293, [int('area'), int('length'), flags('flags', RSEQ), int('signature')],
    'tell the kernel of a restartable sequence'),
  // namespaces and names
  unshare: row(272, 97, [flags('flags', CLONE)], 'move this process into new namespaces'),
  setns: row(308, 268, [fd('fd'), flags('type', CLONE)], 'move this process into an existing namespace'),
  sethostname: row(170, 161, [string('name'), int('len')], 'set the host name of this UTS namespace'),
  setdomainname: row(171, 162, [string('name'), int('len')], 'set the NIS domain name of this UTS namespace'),
  uname: row(63, 160, [out('name')], 'read the names of this UTS namespace'),
  // identity
  setresuid: row(117, 147, [int('real'), int('effective'), int('saved')], 'become this user'),
  setresgid: row(119, 149, [int('real'), int('effective'), int('saved')], 'become this group'),
  setgroups: row(116, 159, [int('size'), bytes('list')], 'set the supplementary groups'),
  capset: row(126, 91, [struct('header', CAP_HEADER), struct('data', CAP_DATA)], 'set the capabilities of this process'),
  prlimit64: row(302, 261, [int('pid'), one('resource', RLIMIT), struct('new', RLIMIT64), out('old')],
    'limit what this process may use'),
  sched_setattr: row(314, 274, [int('pid'), bytes('attr'), int('flags')], 'set when this process runs'),
  sched_setaffinity: row(203, 122, [int('pid'), int('size'), bytes('mask')], 'set on which processors it runs'),
  ioprio_set: row(251, 30, [one('which', IOPRIO_WHO), int('who'), int('priority')], 'set its turn at the disks'),
  personality: row(135, 92, [int('persona')], 'set which kernel it believes to be on'),
  keyctl: row(250, 219, [one('operation', KEYCTL), string('name')], 'give this process keys of its own'),
  // the file system as this process sees it
  chdir: row(80, 49, [string('path')], 'change the working directory'),
  fchdir: row(81, 50, [fd('fd')], 'change the working directory to an open one'),
  chroot: row(161, 51, [string('path')], 'change what / means for this process'),
  mkdirat: row(258, 34, [fd('dirfd'), string('path'), mode('mode')], 'make a directory'),
  umask: row(95, 166, [mode('mask')], 'set which permissions new files never have'),
  mknodat: row(259, 33, [fd('dirfd'), string('path'), mode('mode'), device('device')], 'make a device file'),
  fchownat: row(260, 54, [fd('dirfd'), string('path'), int('uid'), int('gid'), flags('flags', AT)], 'give a file to a user'),
  utimensat: row(280, 88, [fd('dirfd'), string('path'), struct('times', TIMES), flags('flags', AT)],
    'set when a file was read and changed'),
  llistxattr: row(195, 12, [string('path'), out('list'), int('size')], 'read the names of the extended attributes'),
  lgetxattr: row(192, 9, [string('path'), string('name'), out('value'), int('size')], 'read an extended attribute'),
  lsetxattr: row(189, 6, [string('path'), string('name'), bytes('value'), int('size'), int('flags')], 'set an extended attribute'),
  symlinkat: row(266, 36, [string('target'), fd('dirfd'), string('path')], 'make a symbolic link'),
  unlinkat: row(263, 35, [fd('dirfd'), string('path'), flags('flags', AT)], 'remove a name'),
  mount: row(165, 40, [string('source'), string('target'), string('type'), flags('flags', MS), string('data')],
    'attach a file system'),
  umount2: row(166, 39, [string('target'), flags('flags', MNT)], 'detach a file system'),
  pivot_root: row(155, 41, [string('new_root'), string('put_old')], 'swap the root of this mount namespace'),
  // mounts by descriptor: nobody can swap a path under them
  open_tree: row(428, 428, [fd('dirfd'), string('path'), flags('flags', OPEN_TREE)], 'a copy of a mount, not yet attached'),
  move_mount: row(429, 429, [fd('from'), string('from path'), fd('to'), string('to path'), flags('flags', MOVE_MOUNT)],
    'attach a mount where the descriptor is'),
  fsopen: row(430, 430, [string('type'), flags('flags', FSOPEN)], 'prepare a new file system'),
  fsconfig: row(431, 431, [fd('fs'), one('command', FSCONFIG), string('key'), string('value'), int('aux')],
    'set a parameter of it'),
  fsmount: row(432, 432, [fd('fs'), flags('flags', FSMOUNT), flags('attributes', MOUNT_ATTRS)], 'a mount of it, not yet attached'),
  mount_setattr: row(442, 442, [fd('dirfd'), string('path'), flags('flags', AT), struct('attr', MOUNT_ATTR), int('size')],
    'change what a mount allows'),
  // sockets
  socket: row(41, 198, [one('domain', AF), flags('type', SOCK)], 'make a socket', { on: 0, of: {
    1: [int('protocol')],
    2: [one('protocol', IPPROTO)],
    16: [one('protocol', NETLINK)],
  } }),
  sendto: row(44, 206, [fd('fd'), bytes('buffer'), int('length'), flags('flags', MSG), bytes('address'), int('address length')],
    'send a message'),
  recvfrom: row(45, 207, [fd('fd'), out('buffer'), int('size'), flags('flags', MSG), out('address'), out('address length')],
    'receive a message'),
  connect: row(42, 203, [fd('fd'), bytes('address'), int('length')], 'connect a socket'),
  sendmsg: row(46, 211, [fd('fd'), struct('message', MSGHDR), flags('flags', MSG)], 'send a message, and descriptors with it'),
  recvmsg: row(47, 212, [fd('fd'), struct('message', RECEIVED), flags('flags', MSG)], 'receive a message, and descriptors with it'),
  socketpair: row(53, 199, [one('domain', AF), flags('type', SOCK), int('protocol'), out('fds')], 'make two connected sockets'),
  setsockopt: row(54, 208, [fd('fd'), int('level'), int('option'), bytes('value'), int('length')], 'set an option of a socket'),
  ioctl: row(16, 29, [fd('fd'), one('request', IOCTL)], 'set a property of a device', { on: 1, of: {
    0x8914: [struct('ifreq', IFREQ)],
    0x540e: [int('steal')],
    0x5414: [bytes('size')],
    0x4004_5431: [bytes('locked')],
    0x5441: [flags('flags', O)],
  } }),
  // descriptors
  openat2: row(437, 437, [fd('dirfd'), string('path'), struct('how', OPEN_HOW), int('size')],
    'open a file, with rules for the way to it'),
  openat: row(257, 56, [fd('dirfd'), string('path'), flags('flags', O), mode('mode')], 'open a file'),
  close_range: row(436, 436, [int('first'), int('last'), flags('flags', CLOSE_RANGE)],
    'close descriptors, or mark them close-on-exec'),
  close: row(3, 57, [fd('fd')], 'close a descriptor'),
  read: row(0, 63, [fd('fd'), out('buffer'), int('count')], 'read from a descriptor'),
  write: row(1, 64, [fd('fd'), string('buffer'), int('count')], 'write to a descriptor'),
  pwrite64: row(18, 68, [fd('fd'), bytes('buffer'), int('count'), int('offset')], 'write to a place in a file'),
  fallocate: row(285, 47, [fd('fd'), flags('mode', FALLOC), int('offset'), int('length')], 'take or give room in a file'),
  flock: row(73, 32, [fd('fd'), flags('operation', LOCK)], 'lock an open file'),
  dup3: row(292, 24, [fd('old'), fd('new'), flags('flags', O_DESCRIPTOR)], 'give a descriptor another number'),
  pipe2: row(293, 59, [out('fds'), flags('flags', O_DESCRIPTOR)], 'make a pipe'),
  memfd_create: row(319, 279, [string('name'), flags('flags', MFD)], 'make a file that is only in memory'),
  sendfile: row(40, 71, [fd('out'), fd('in'), out('offset'), int('count')], 'copy from one descriptor to another'),
  fcntl: row(72, 25, [fd('fd'), one('command', F)], 'set a property of a descriptor', { on: 1, of: {
    2: [flags('flags', FD)],
    3: [],
    4: [flags('flags', O)],
    1033: [flags('seals', SEAL)],
  } }),
} as const satisfies Record<string, Row>

export type CallName = keyof typeof SYSCALLS

/** @returns whether there is a row for this name: the question to ask of data from outside */
export function isCallName(name: unknown): name is CallName {
  return typeof name === 'string' && Object.hasOwn(SYSCALLS, name)
}

/** @returns the parameters of this very call */
export function paramsOf({ call, args }: Pick<Syscall, 'call' | 'args'>): readonly Param[] {
  const { params, variants }: Row = SYSCALLS[call]
  if (!variants) return params
  const option = args[variants.on]
  return [...params, ...(typeof option === 'number' ? variants.of[option] ?? [] : [])]
}
