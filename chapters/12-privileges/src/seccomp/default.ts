// The profile of a container that asked for none: an allow-list, in Docker's format. Whatever is not on it is EPERM.
//
//   parseProfile(DEFAULT_PROFILE, host)   → Seccomp for the capabilities, the machine and the kernel of this container
//
// On it is what ordinary programs need and what concerns only the process itself or what it may reach anyway. Not on it is
// what changes the whole machine, what looks into the kernel, and what has given attackers the most: io_uring, bpf,
// userfaultfd, keys, new user namespaces. A capability brings back the calls that it is for: the kernel checks it there.
// Invariant: data; each group says its purpose. No group grants what another refuses, except by capability.
import type { Condition } from './profile.ts'

const EPERM = 1
const ENOSYS = 38

interface When { readonly caps?: readonly string[]; readonly arches?: readonly string[]; readonly minKernel?: string }
interface Group {
  readonly names: readonly string[]
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO'
  readonly errnoRet?: number
  readonly args?: readonly Condition[]
  readonly includes?: When
  readonly excludes?: When
}

const words = (names: string): string[] => names.trim().split(/\s+/)
const allow = (names: string, rest: Omit<Group, 'names' | 'action'> = {}): Group =>
  ({ names: words(names), action: 'SCMP_ACT_ALLOW', ...rest })
const forCap = (cap: string, names: string): Group => allow(names, { includes: { caps: [cap] } })
const forArch = (arch: string, names: string): Group => allow(names, { includes: { arches: [arch] } })
/** One rule for each value, as several conditions on one argument could be all or any. */
const allowIf = (name: string, ...conditions: readonly Omit<Condition, 'index'>[]): Group[] =>
  conditions.map((condition) => allow(name, { args: [{ index: 0, ...condition }] }))
const equals = (value: number) => ({ value, op: 'SCMP_CMP_EQ' as const })

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. NEWTIME cannot be given to clone. */
const CLONE_NEW = 0x7e02_0000
/** PER_LINUX, PER_LINUX32, either with UNAME26 (a version that begins with 2.6), and the question which. @see personality(2) */
const PERSONALITIES = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff]
/** Up to AF_ROSE, and of the later ones up to AF_MCTP those that Docker has. An attacker's upper 32 bits match nothing. */
const AF_DECNET = 12
const FAMILIES = [13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45]

const SYSCALLS: readonly Group[] = [
  // descriptors: reading, writing, waiting for either
  allow(`read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range dup dup2 dup3 fcntl ioctl
    pipe pipe2 sendfile splice tee vmsplice copy_file_range poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl
    epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 inotify_init inotify_init1 inotify_add_watch
    inotify_rm_watch fanotify_mark io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents`),
  // files: opening, asking about, naming
  allow(`open openat openat2 creat access faccessat faccessat2 stat lstat fstat newfstatat statx statfs fstatfs getdents getdents64
    readlink readlinkat link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir mknod mknodat
    truncate ftruncate fallocate fadvise64 readahead flock name_to_handle_at getcwd chdir fchdir umask statmount listmount
    cachestat`),
  // what files carry: owner, mode, times, attributes
  allow(`chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat getxattr lgetxattr fgetxattr
    setxattr lsetxattr fsetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr getxattrat setxattrat
    listxattrat removexattrat file_getattr file_setattr`),
  // to the disk
  allow('sync fsync fdatasync sync_file_range syncfs'),
  // memory
  allow(`brk mmap munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall remap_file_pages membarrier
    memfd_create memfd_secret mseal pkey_alloc pkey_free pkey_mprotect map_shadow_stack`),
  // processes and threads; clone has its own groups below
  allow(`fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgid getpgrp setpgid getsid setsid
    set_tid_address set_robust_list get_robust_list rseq futex futex_waitv futex_wait futex_wake futex_requeue restart_syscall
    set_thread_area get_thread_area pidfd_open pidfd_send_signal process_mrelease prctl`),
  // who it is, and giving that up; the kernel asks for capabilities
  allow(`getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid setresgid setfsuid
    setfsgid setgroups capget capset`),
  // how much it gets: scheduling and limits
  allow(`sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_setscheduler
    sched_getattr sched_setattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority setpriority
    ioprio_get ioprio_set getrlimit setrlimit prlimit64 getrusage getcpu`),
  // signals
  allow(`kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo
    rt_sigreturn sigaltstack signalfd signalfd4 pause`),
  // time: reading it, waiting for it; adjtimex only reads without CAP_SYS_TIME
  allow(`time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep times alarm getitimer setitimer timer_create
    timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime adjtimex
    clock_adjtime`),
  // sockets; socket itself has its own groups below
  allow(`socketpair bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt sendto recvfrom sendmsg recvmsg
    sendmmsg recvmmsg shutdown`),
  // System V and POSIX: shared memory, semaphores, queues
  allow(`shmget shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend
    mq_timedreceive mq_notify mq_getsetattr`),
  // about the system
  allow('uname sysinfo getrandom'),
  // further restrictions of itself
  allow('seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self'),
  // one process looks into another; before 4.8, a tracer could change a call behind the filter's back
  allow('ptrace process_vm_readv process_vm_writev', { includes: { minKernel: '4.8' } }),
  // this processor's own; uprobe and uretprobe are the kernel's own way back from a probe
  forArch('amd64', 'arch_prctl modify_ldt uprobe uretprobe'),
  // all socket families but AF_ALG, the kernel's ciphers, AF_VSOCK, the way to the hypervisor, and those that Linux has given up:
  // DECnet, Econet, ATM's SVC, IrDA, WANPIPE, ISDN, CAIF
  ...allowIf('socket', { value: AF_DECNET, op: 'SCMP_CMP_LT' }, ...FAMILIES.map(equals)),
  ...allowIf('personality', ...PERSONALITIES.map(equals)),
  // processes, but no namespaces; clone3 has its flags in memory, where no filter can look: glibc falls back to clone
  ...allowIf('clone', { value: CLONE_NEW, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, excludes: { caps: ['CAP_SYS_ADMIN'] } },

  // with a capability
  forCap('CAP_SYS_ADMIN', `clone clone3 unshare setns mount umount2 open_tree open_tree_attr move_mount fsopen fsconfig fsmount
    fspick mount_setattr lsm_get_self_attr lsm_set_self_attr lsm_list_modules
    sethostname setdomainname bpf perf_event_open fanotify_init lookup_dcookie quotactl quotactl_fd syslog`),
  forCap('CAP_SYS_PTRACE', 'ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp'),
  forCap('CAP_DAC_READ_SEARCH', 'open_by_handle_at'),
  forCap('CAP_SYS_CHROOT', 'chroot'),
  forCap('CAP_SYS_BOOT', 'reboot'),
  forCap('CAP_SYS_MODULE', 'init_module finit_module delete_module'),
  forCap('CAP_SYS_TIME', 'settimeofday clock_settime'),
  forCap('CAP_SYS_RAWIO', 'iopl ioperm'),
  forCap('CAP_SYS_NICE', 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind'),
  forCap('CAP_SYS_PACCT', 'acct'),
  forCap('CAP_SYS_TTY_CONFIG', 'vhangup'),
  forCap('CAP_SYSLOG', 'syslog'),
  forCap('CAP_BPF', 'bpf'),
  forCap('CAP_PERFMON', 'perf_event_open'),
]

export const DEFAULT_PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
  ],
  syscalls: SYSCALLS,
} as const
