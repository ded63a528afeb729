// The kernel's numbers, each group under the header that defines it. They are the same on x86-64 and arm64.
//
//   CLONE_NEWUTS, MS_BIND, …   one by one, for code
//   CLONE, MS, …               as tables of names, for printing a plan and for reading one back
//
// CLONE_* are bigints, because CLONE_CLEAR_SIGHAND lies above 32 bits; all others are numbers.

/** A set of names for the numbers of one parameter: flags that are or-ed, or alternatives. */
export type Names = Readonly<Record<string, number | bigint>>

// <linux/sched.h> — clone3(2), unshare(2), setns(2)
export const CLONE_NEWTIME = 0x80n
export const CLONE_VM = 0x100n
export const CLONE_PIDFD = 0x1000n
export const CLONE_VFORK = 0x4000n
export const CLONE_NEWNS = 0x2_0000n
export const CLONE_NEWCGROUP = 0x200_0000n
export const CLONE_NEWUTS = 0x400_0000n
export const CLONE_NEWIPC = 0x800_0000n
export const CLONE_NEWUSER = 0x1000_0000n
export const CLONE_NEWPID = 0x2000_0000n
export const CLONE_NEWNET = 0x4000_0000n
export const CLONE_CLEAR_SIGHAND = 0x1_0000_0000n
export const CLONE_INTO_CGROUP = 0x2_0000_0000n
export const CLONE: Names = {
  CLONE_NEWTIME, CLONE_VM, CLONE_PIDFD, CLONE_VFORK, CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
  CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP,
}

// <linux/mount.h> — mount(2), umount2(2)
export const MS_RDONLY = 1
export const MS_NOSUID = 2
export const MS_NODEV = 4
export const MS_NOEXEC = 8
export const MS_REMOUNT = 32
export const MS_BIND = 4096
export const MS_MOVE = 8192
export const MS_REC = 16384
export const MS_PRIVATE = 1 << 18
export const MS_SLAVE = 1 << 19
export const MS_UNBINDABLE = 1 << 17
export const MS_SHARED = 1 << 20
export const MS: Names = {
  MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE,
}
export const MNT_DETACH = 2
export const MNT: Names = { MNT_DETACH }

// <linux/mount.h> — open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2), mount_setattr(2)
export const OPEN_TREE_CLONE = 1
export const OPEN_TREE_CLOEXEC = 0o2000000
export const OPEN_TREE: Names = { OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, AT_EMPTY_PATH: 0x1000, AT_RECURSIVE: 0x8000 }
export const MOVE_MOUNT_F_EMPTY_PATH = 4
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40
export const MOVE_MOUNT: Names = { MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH }
export const FSOPEN_CLOEXEC = 1
export const FSOPEN: Names = { FSOPEN_CLOEXEC }
export const FSCONFIG_SET_FLAG = 0
export const FSCONFIG_SET_STRING = 1
export const FSCONFIG_CMD_CREATE = 6
export const FSCONFIG: Names = { FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE }
export const FSMOUNT_CLOEXEC = 1
export const FSMOUNT: Names = { FSMOUNT_CLOEXEC }
export const MOUNT_ATTR_RDONLY = 1
export const MOUNT_ATTR_NOSUID = 2
export const MOUNT_ATTR_NODEV = 4
export const MOUNT_ATTR_NOEXEC = 8
export const MOUNT_ATTR_NOATIME = 0x10
export const MOUNT_ATTR_STRICTATIME = 0x20
export const MOUNT_ATTR_NODIRATIME = 0x80
export const MOUNT_ATTR__ATIME = 0x70
export const MOUNT_ATTR_NOSYMFOLLOW = 0x20_0000
export const MOUNT_ATTRS: Names = {
  MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_STRICTATIME, MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NOSYMFOLLOW,
}

// <linux/openat2.h> — openat2(2)
export const RESOLVE_NO_MAGICLINKS = 2
export const RESOLVE_NO_SYMLINKS = 4
export const RESOLVE_IN_ROOT = 0x10
export const RESOLVE: Names = { RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_IN_ROOT }

// <linux/fcntl.h>, <asm-generic/fcntl.h>
export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_REMOVEDIR = 0x200
export const AT_EMPTY_PATH = 0x1000
export const AT_RECURSIVE = 0x8000
export const AT: Names = { AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_EMPTY_PATH, AT_RECURSIVE }
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_CREAT = 0o100
export const O_NOCTTY = 0o400
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000
// O_DIRECTORY differs on arm64: the table of system calls opens directories through O_PATH alone.
export const O_PATH = 0o10000000
export const O: Names = { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_NOCTTY, O_NONBLOCK, O_CLOEXEC, O_PATH }
/** Of a descriptor that is a copy, or a pipe's end: how it is opened is not asked. */
export const O_DESCRIPTOR: Names = { O_NONBLOCK, O_CLOEXEC }
export const F_SETFD = 2
export const F_GETFL = 3
export const F_SETFL = 4
export const F_ADD_SEALS = 1033
export const F: Names = { F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS }
/** No more seals, no shrinking, growing or writing. */
export const F_SEAL_SEAL = 1
export const F_SEAL_SHRINK = 2
export const F_SEAL_GROW = 4
export const F_SEAL_WRITE = 8
export const SEAL: Names = { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE }
export const FD_CLOEXEC = 1
export const FD: Names = { FD_CLOEXEC }

// <linux/stat.h> — mknod(2)
export const S_IFIFO = 0o10000
export const S_IFCHR = 0o20000
export const S_IFBLK = 0o60000
export const S_IFREG = 0o100000

// <asm-generic/fcntl.h> — flock(2)
export const LOCK_SH = 1
export const LOCK_EX = 2
export const LOCK_NB = 4
export const LOCK_UN = 8
export const LOCK: Names = { LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN }

// <linux/falloc.h> — fallocate(2)
export const FALLOC_FL_KEEP_SIZE = 1
export const FALLOC_FL_PUNCH_HOLE = 2
export const FALLOC: Names = { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE }

// <linux/memfd.h> — memfd_create(2)
export const MFD_CLOEXEC = 1
export const MFD_ALLOW_SEALING = 2
export const MFD: Names = { MFD_CLOEXEC, MFD_ALLOW_SEALING }

// <linux/close_range.h>
export const CLOSE_RANGE_CLOEXEC = 4
export const CLOSE_RANGE: Names = { CLOSE_RANGE_CLOEXEC }

// <linux/prctl.h>
export const PR_SET_PDEATHSIG = 1
export const PR_SET_DUMPABLE = 4
export const PR_SET_NAME = 15
export const PR_SET_KEEPCAPS = 8
export const PR_CAPBSET_DROP = 24
export const PR_SET_MM = 35
export const PR_SET_NO_NEW_PRIVS = 38
export const PR_CAP_AMBIENT = 47
/** What PR_CAP_AMBIENT does. */
export const PR_CAP_AMBIENT_RAISE = 2
export const PR_CAP_AMBIENT_CLEAR_ALL = 4
export const CAP_AMBIENT: Names = { PR_CAP_AMBIENT_RAISE, PR_CAP_AMBIENT_CLEAR_ALL }
export const PR: Names = {
  PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_CAPBSET_DROP, PR_SET_MM, PR_SET_NO_NEW_PRIVS,
  PR_SET_KEEPCAPS, PR_CAP_AMBIENT,
}
/** What PR_SET_MM sets: the whole map, and the executable with it. */
export const PR_SET_MM_MAP = 14
export const PR_SET_MM_WHAT: Names = { PR_SET_MM_MAP }

// <linux/seccomp.h> — seccomp(2)
export const SECCOMP_SET_MODE_FILTER = 1
export const SECCOMP: Names = { SECCOMP_SET_MODE_FILTER }
export const SECCOMP_FILTER_FLAG: Names = {
  SECCOMP_FILTER_FLAG_TSYNC: 1, SECCOMP_FILTER_FLAG_LOG: 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
}

// <linux/ioprio.h> — ioprio_set(2)
export const IOPRIO_WHO_PROCESS = 1
export const IOPRIO_WHO: Names = { IOPRIO_WHO_PROCESS }

// <linux/keyctl.h> — keyctl(2)
export const KEYCTL_JOIN_SESSION_KEYRING = 1
export const KEYCTL: Names = { KEYCTL_JOIN_SESSION_KEYRING }

// <linux/rseq.h>
export const RSEQ_FLAG_UNREGISTER = 1
export const RSEQ: Names = { RSEQ_FLAG_UNREGISTER }

// <asm-generic/signal-defs.h>, <signal.h>
export const SIG_BLOCK = 0
export const SIG_SETMASK = 2
export const SIG_HOW: Names = { SIG_BLOCK, SIG_SETMASK }
export const SIG_DFL = 0
export const SIG_IGN = 1
export const SIG_HANDLER: Names = { SIG_DFL, SIG_IGN }
export const SIG: Readonly<Record<string, number>> = Object.fromEntries([
  'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM',
  'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO',
  'PWR', 'SYS',
].map((name, i) => [`SIG${name}`, i + 1]))

// <linux/wait.h>
export const WNOHANG = 1
export const WALL = 0x4000_0000
export const W: Names = { WNOHANG, __WALL: WALL }

// <sys/mman.h>: for the one mapping that JavaScript makes itself
export const PROT_READ = 1
export const PROT_WRITE = 2
export const PROT_EXEC = 4
export const MAP_SHARED = 1
export const MAP_FIXED = 0x10
export const MAP_ANONYMOUS = 0x20

// <sys/socket.h>, <linux/netlink.h>, <netinet/in.h> — socket(2), netlink(7)
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_NETLINK = 16
export const AF: Names = { AF_UNIX, AF_INET, AF_NETLINK }
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_CLOEXEC = 0o2000000
export const SOCK: Names = { SOCK_STREAM, SOCK_DGRAM, SOCK_CLOEXEC }
export const IPPROTO: Names = { IPPROTO_IP: 0 }
export const NETLINK: Names = { NETLINK_ROUTE: 0 }
export const MSG_CMSG_CLOEXEC = 0x4000_0000
export const MSG: Names = { MSG_PEEK: 2, MSG_TRUNC: 0x20, MSG_DONTWAIT: 0x40, MSG_CMSG_CLOEXEC }

// <linux/socket.h> — unix(7), "Ancillary messages"
export const SOL_SOCKET = 1
export const SCM_RIGHTS = 1

// <linux/sockios.h>, <linux/if.h> — netdevice(7); <asm-generic/ioctls.h> — ioctl_tty(2)
export const SIOCSIFFLAGS = 0x8914
export const TIOCSCTTY = 0x540e
export const TIOCSWINSZ = 0x5414
export const TIOCSPTLCK = 0x4004_5431
export const TIOCGPTPEER = 0x5441
export const IOCTL: Names = { SIOCSIFFLAGS, TIOCSCTTY, TIOCSWINSZ, TIOCSPTLCK, TIOCGPTPEER }
export const IFF_UP = 1
export const IFF_RUNNING = 0x40
export const IFF: Names = { IFF_UP, IFF_RUNNING }

// <linux/bpf.h> — bpf(2)
export const BPF_PROG_LOAD = 5
export const BPF_PROG_ATTACH = 8
export const BPF: Names = { BPF_PROG_LOAD, BPF_PROG_ATTACH }
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15n
export const BPF_CGROUP_DEVICE = 6n
export const BPF_F_ALLOW_MULTI = 2n

// <linux/capability.h> — capabilities(7): from bit 0 on
export const CAP: Readonly<Record<string, number>> = Object.fromEntries(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL
  SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
  SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
  AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF
  CHECKPOINT_RESTORE`.split(/\s+/).map((name, bit) => [`CAP_${name}`, bit]))
export const LINUX_CAPABILITY_VERSION_3 = 0x2008_0522
export const CAPABILITY_VERSION: Names = { _LINUX_CAPABILITY_VERSION_3: LINUX_CAPABILITY_VERSION_3 }

// <asm-generic/resource.h> — prlimit(2)
export const RLIMIT: Readonly<Record<string, number>> = Object.fromEntries([
  'CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE', 'MEMLOCK', 'AS', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE',
  'RTPRIO', 'RTTIME',
].map((name, i) => [`RLIMIT_${name}`, i]))
