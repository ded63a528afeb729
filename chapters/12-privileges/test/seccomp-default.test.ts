// The default profile: what it must refuse, and what ordinary programs need.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACTIONS, ARCHITECTURES, compile, DEFAULT_PROFILE, formatJson, parseJson, parseProfile, parseSeccomp, simulate, syscallNumbers, unknownSyscalls, verdict,
} from '@pocker/privileges'
import type { Machine } from '@pocker/syscalls'

/** Docker's, of which none is about the whole machine. */
const DOCKER = ['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE']
  .map((name) => `CAP_${name}`)
const [ALLOW, EPERM, ENOSYS] = [ACTIONS.SCMP_ACT_ALLOW, verdict('SCMP_ACT_ERRNO', 1), verdict('SCMP_ACT_ERRNO', 38)]
const MACHINES = ['x64', 'arm64'] as const

/** What the default profile says to a call by name; undefined if the machine has no such call. */
function asking(machine: Machine, capabilities: readonly string[] = DOCKER, kernel = '6.1.0'): (name: string, ...args: (number | bigint)[]) => number | undefined {
  const program = compile(parseProfile(DEFAULT_PROFILE, { machine, capabilities, kernel }), machine)
  return (name, ...args) => {
    const nr = syscallNumbers(machine).get(name)
    return nr === undefined ? undefined : simulate(program, { arch: ARCHITECTURES[machine].audit, nr, args: args.map((arg) => BigInt.asUintN(64, BigInt(arg))) })
  }
}
const words = (text: string): string[] => text.trim().split(/\s+/)

const REFUSED = words(`
  mount umount2 pivot_root open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr setns unshare sethostname setdomainname
  swapon swapoff reboot kexec_load kexec_file_load init_module finit_module delete_module create_module query_module get_kernel_syms
  settimeofday clock_settime iopl ioperm acct quotactl quotactl_fd vhangup syslog lookup_dcookie nfsservctl uselib ustat sysfs _sysctl
  bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register add_key request_key keyctl open_by_handle_at fanotify_init
  lsm_get_self_attr lsm_set_self_attr lsm_list_modules process_madvise pidfd_getfd kcmp get_mempolicy set_mempolicy mbind migrate_pages move_pages set_mempolicy_home_node afs_syscall vserver tuxcall security`)

test('what changes the machine, looks into the kernel or has been a way out is refused', () => {
  for (const machine of MACHINES) {
    const ask = asking(machine)
    for (const name of REFUSED) assert.ok([EPERM, undefined].includes(ask(name)), `${machine} ${name}`)
  }
})

/** The calls of `apt-get update`, `node -e`, and busybox, as strace -cf counted them, and those of threads and servers. */
const NEEDED = words(`
  execve brk arch_prctl access openat open newfstatat fstat pread64 mmap close read mprotect munmap prlimit64 set_tid_address set_robust_list rseq
  getrandom getuid getgid geteuid getegid setuid setgid setresuid setresgid setgroups rt_sigaction rt_sigprocmask rt_sigreturn ioctl lseek fcntl
  dup dup2 dup3 pipe pipe2 close_range prctl futex sysinfo readlink readlinkat write writev exit exit_group fork vfork wait4 waitid kill tgkill
  socketpair bind listen accept4 connect sendto recvfrom sendmsg sendmmsg recvmsg getsockname getpeername setsockopt getsockopt poll ppoll
  pselect6 select epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 timerfd_create signalfd4 inotify_init1 inotify_add_watch getdents64 getcwd
  chdir mkdir mkdirat unlink unlinkat rename renameat renameat2 chmod fchmod fchmodat fchmodat2 fchown fchownat chown utimensat statfs fstatfs statx faccessat2
  ftruncate fallocate fsync fdatasync sync flock umask uname sched_getaffinity sched_yield gettid getppid setsid setpgid clock_gettime
  clock_nanosleep nanosleep madvise mremap membarrier memfd_create copy_file_range sendfile splice capget capset setxattr chroot mknodat
  shmget mq_open semget msgget seccomp landlock_create_ruleset openat2 pidfd_open io_setup io_submit mlock adjtimex ptrace process_vm_readv`)

test('what ordinary programs need is allowed', () => {
  for (const machine of MACHINES) {
    const ask = asking(machine)
    for (const name of NEEDED) assert.ok([ALLOW as number, undefined].includes(ask(name)), `${machine} ${name}`)
  }
})

const BY_CAPABILITY: Readonly<Record<string, string>> = {
  SYS_ADMIN: 'mount umount2 setns unshare clone3 bpf perf_event_open fsopen open_tree sethostname syslog fanotify_init', SYS_PTRACE: 'kcmp pidfd_getfd process_madvise',
  SYS_BOOT: 'reboot', SYS_MODULE: 'init_module finit_module delete_module', SYS_TIME: 'settimeofday clock_settime', SYS_RAWIO: 'iopl ioperm',
  BPF: 'bpf', PERFMON: 'perf_event_open', SYSLOG: 'syslog', SYS_NICE: 'mbind set_mempolicy', SYS_PACCT: 'acct', SYS_TTY_CONFIG: 'vhangup',
  DAC_READ_SEARCH: 'open_by_handle_at', SYS_CHROOT: 'chroot',
}

test('a capability brings back the calls that it is for, and no others', () => {
  const all = new Set(Object.values(BY_CAPABILITY).flatMap(words))
  for (const machine of MACHINES) {
    for (const [cap, names] of Object.entries(BY_CAPABILITY)) {
      const ask = asking(machine, [`CAP_${cap}`])
      for (const name of all) {
        const expected = words(names).includes(name) ? ALLOW : name === 'clone3' ? ENOSYS : EPERM
        assert.ok([expected, undefined].includes(ask(name)), `${machine} ${cap} ${name}`)
      }
    }
  }
})

test('clone makes processes and threads, but no namespaces; clone3 is as if it were not there', () => {
  const [SIGCHLD, THREAD] = [17, 0x3d0f00]
  const NEW = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
  for (const machine of MACHINES) {
    const [ask, admin] = [asking(machine), asking(machine, ['CAP_SYS_ADMIN'])]
    for (const flags of [SIGCHLD, THREAD, 0]) assert.is(ask('clone', flags), ALLOW)
    for (const flag of NEW) {
      for (const flags of [flag, flag | SIGCHLD, BigInt(flag) | 1n << 40n]) assert.is(ask('clone', flags), EPERM, String(flags))
      assert.is(admin('clone', flag), ALLOW)
    }
    assert.is(ask('clone3'), ENOSYS)
    assert.is(admin('clone3'), ALLOW)
  }
})

test('sockets are of every family but AF_ALG, AF_VSOCK and those that Linux has given up, as Docker\'s; also when the upper half of the argument lies', () => {
  const ask = asking('x64')
  const refused = Array.from({ length: 46 }, (_, family) => family).filter((family) => ask('socket', family, 1, 0) !== ALLOW)
  assert.equal(refused, [12, 19, 20, 23, 25, 34, 37, 38, 40])
  for (const family of [46, 255, -1, 2n ** 32n + 38n, 2n ** 32n + 40n, 2n ** 63n + 40n]) assert.is(ask('socket', family), EPERM, String(family))
})

test('a personality is one of five', () => {
  const ask = asking('arm64')
  for (const known of [0, 8, 0x20000, 0x20008, 0xffffffff]) assert.is(ask('personality', known), ALLOW)
  for (const other of [1, 4, 0x40000, 0x20009, 0x100000008n, -1]) assert.is(ask('personality', other), EPERM)
})

test('ptrace waits for kernel 4.8', () => {
  assert.is(asking('x64', DOCKER, '4.7.10')('ptrace'), EPERM)
  assert.is(asking('x64', DOCKER, '4.8.0')('ptrace'), ALLOW)
  assert.is(asking('x64', ['CAP_SYS_PTRACE'], '4.7.10')('ptrace'), ALLOW)
})

test('every name in it is a call of x86-64, and it survives JSON', () => {
  const profile = parseProfile(DEFAULT_PROFILE, { machine: 'x64', capabilities: ['CAP_SYS_ADMIN'], kernel: '6.1' })
  assert.equal(unknownSyscalls(profile, 'x64'), [])
  assert.equal(parseSeccomp(parseJson('seccomp', formatJson(profile))), profile)
})

test('a call that Linux has not got yet does not exist', () => {
  const program = compile(parseProfile(DEFAULT_PROFILE, { machine: 'x64', capabilities: [], kernel: '6.1' }), 'x64')
  assert.is(simulate(program, { arch: ARCHITECTURES.x64.audit, nr: 471, args: [] }), ENOSYS)
})

test.run()
