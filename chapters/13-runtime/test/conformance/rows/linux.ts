// config-linux.md: cgroups, sysctl, seccomp, hidden paths, how the root propagates, personality.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { host, type Bench, type Box } from '../bench.ts'
import { namespace, type Config } from '../config.ts'
import { does, inside, refuses, type Change, type Row } from '../row.ts'

const linux = (fields: object) => (config: Config): void => void Object.assign(config.linux, fields)
const seccomp = (fields: object) => linux({ seccomp: { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'], ...fields } })
const groupOf = (box: Box): string => /^0::(.*)$/m.exec(readFileSync(`/proc/${box.state().pid}/cgroup`, 'utf8'))?.[1] ?? ''

const PATH = 'config-linux.md, Cgroups Path'
const RULES = 'config-linux.md, Allowed Device list'
const kmsg = { path: '/dev/kmsg', type: 'c', major: 1, minor: 11, fileMode: 0o666 }
const rules = (...list: object[]) => linux({ devices: [kmsg], resources: { devices: list } })
const OPEN = ': >> /dev/kmsg'

const cgroups: readonly Row[] = [
  does(PATH, 'absolute: from where cgroups are mounted', (t) => {
    const box = t.box().must('create')
    assert.equal(groupOf(box), box.group)
  }),
  does(PATH, 'it is made if it is not there', (t) => {
    const box = t.box((config, _, { group }) => { config.linux['cgroupsPath'] = `${group}/deep/down` }).must('create')
    assert.equal(groupOf(box), `${box.group}/deep/down`)
  }),
  does(PATH, 'relative: always the same place for the same value', (t) => {
    const places = [1, 2].map(() => {
      const box = t.box((config) => { config.linux['cgroupsPath'] = `relative-${process.pid}` }).must('create')
      const place = groupOf(box)
      box.remove('--force')
      return place
    })
    assert.equal(places[0], places[1])
    assert.match(String(places[0]), new RegExp(`/relative-${process.pid}$`))
  }),
  does(PATH, 'the group is there before the program', (t) => assert.ok(t.box().must('create').hasGroup())),
  ...inside({ change: (config) => {
    namespace(config, 'cgroup', { type: 'cgroup' })
    config.mounts.push({ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] })
  } }, [
    ['config-linux.md, Control groups', 'with a cgroup namespace its own group is the root', 'grep ^0: /proc/self/cgroup', '0::/'],
    ['config-linux.md, Control groups', 'a mount of type cgroup is version 2 where that is alone', "awk '$5 == \"/sys/fs/cgroup\"' /proc/self/mountinfo", / - cgroup2 /],
    ['config-linux.md, Control groups', 'that mount shows its own group, with itself in it', 'grep -c "^1$" /sys/fs/cgroup/cgroup.procs', '1'],
  ]),
  ...inside({ change: (config) => {
    config.mounts.push({ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro'] })
  } }, [['config-linux.md, Control groups', 'without one, the mount shows no more than its own group', 'grep -c "^1$" /sys/fs/cgroup/cgroup.procs', '1']]),
  ...inside({ change: rules({ allow: false, access: 'rwm' }) }, [
    [RULES, 'what is not allowed cannot be opened', OPEN, /not permitted/],
    [RULES, 'the default devices can, whatever the list says', 'echo x > /dev/null && head -c 1 /dev/zero | wc -c', '1'],
  ]),
  ...inside({ change: rules({ allow: false, access: 'rwm' }, { allow: true, type: 'c', major: 1, minor: 11, access: 'rwm' }) }, [
    [RULES, 'in the listed order: denied, then allowed', `${OPEN} && echo yes`, 'yes'],
  ]),
  ...inside({ change: rules({ allow: true, type: 'c', major: 1, minor: 11, access: 'rwm' }, { allow: false, access: 'rwm' }) }, [
    [RULES, 'in the listed order: allowed, then denied', OPEN, /not permitted/],
  ]),
  ...inside({ change: rules({ allow: false, access: 'rwm' }, { allow: true, type: 'c', major: 1, minor: 11, access: 'r' }) }, [
    [RULES, 'access: to read, and not to write', ': >> /dev/kmsg', /not permitted/],
  ]),
  does('config-linux.md, Unified', 'a file of the group has that value', (t) => {
    const box = t.box(linux({ resources: { unified: { 'cgroup.max.depth': '3' } } })).must('create')
    assert.equal(readFileSync(join('/sys/fs/cgroup', box.group, 'cgroup.max.depth'), 'utf8'), '3\n')
  }),
  refuses('config-linux.md, Unified', 'a file that is not there is an error', linux({ resources: { unified: { 'no.such': '1' } } })),
]

const SYSCTL = 'config-linux.md, Sysctl'
const sysctl: readonly Row[] = [
  ...inside({ change: linux({ sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '9000', 'fs.mqueue.msg_max': '12', 'net.ipv4.ping_group_range': '0 5' } }) }, [
    [SYSCTL, 'of the network namespace', 'cat /proc/sys/net/ipv4/ip_forward', '1'],
    [SYSCTL, 'of the ipc namespace', 'cat /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max', '9000\n12'],
    [SYSCTL, 'a value of two numbers', 'cat /proc/sys/net/ipv4/ping_group_range | xargs', '0 5'],
  ]),
  refuses('config.md, Valid values', 'a parameter that is not there is an error', linux({ sysctl: { 'net.no.such': '1' } })),
]

const SECCOMP = 'config-linux.md, Seccomp'
const SIGUSR1 = 10
const filters: readonly Row[] = [
  ...inside({ change: seccomp({ syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] }) }, [
    [SECCOMP, 'SCMP_ACT_ERRNO: EPERM if nothing is said', 'mkdir /x', /Operation not permitted/],
    [SECCOMP, 'other calls are as before', 'echo x > /y && cat /y', 'x'],
    [SECCOMP, 'the filter is there', "awk '/^Seccomp:/ { print $2 }' /proc/self/status", '2'],
    [SECCOMP, 'it does not need noNewPrivileges', "awk '/^NoNewPrivs/ { print $2 }' /proc/self/status", '0'],
  ]),
  ...inside({ change: seccomp({ syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 }] }) }, [
    [SECCOMP, 'errnoRet is the errno', 'mkdir /x', /No space left/],
  ]),
  ...inside({ change: seccomp({ syscalls: [{
    names: ['kill', 'tkill', 'tgkill'], action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: SIGUSR1, op: 'SCMP_CMP_EQ' }],
  }] }) }, [
    [SECCOMP, 'args: the call with that value', 'sleep 1 & kill -USR1 $!; kill -KILL $!', /Operation not permitted/],
    [SECCOMP, 'args: not with another', 'sleep 1 & kill -USR2 $! && echo sent', /sent/],
  ]),
  ...inside({ change: seccomp({ syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_KILL_PROCESS' }] }) }, [
    [SECCOMP, 'SCMP_ACT_KILL_PROCESS: the process gets SIGSYS', 'sh -c "mkdir /x"; echo $?', /159$/],
  ]),
  ...inside({ change: seccomp({ syscalls: [{ names: ['mkdir', 'no_such_call_of_any_kernel'], action: 'SCMP_ACT_ERRNO' }] }) }, [
    [SECCOMP, 'a name that the kernel has none of is passed over', 'mkdir /x', /Operation not permitted/],
  ]),
  ...inside({ change: (config) => {
    seccomp({ syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] })(config)
    config.process['noNewPrivileges'] = true
  } }, [[SECCOMP, 'with noNewPrivileges, too', 'mkdir /x', /Operation not permitted/]]),
  does(SECCOMP, 'a list of what is allowed: the rest is refused', (t) => {
    const names = `read write close execve exit exit_group mmap mprotect munmap brk arch_prctl set_tid_address rt_sigaction rt_sigprocmask
      rt_sigreturn futex getpid getppid fstat newfstatat stat open openat openat2 fcntl ioctl poll readv writev getuid geteuid getgid getegid
      setuid setgid setgroups capset capget prctl chdir fchdir dup3 setresuid setresgid set_robust_list prlimit64 rseq getrandom umask
      clone fork vfork wait4 epoll_ctl epoll_pwait nanosleep sched_yield tgkill gettid getdents64 pread64 pwrite64 lseek madvise
      statfs fstatfs close_range readlink readlinkat faccessat access getcwd dup dup2 pipe2 socket sendmsg fsconfig seccomp landlock uname
      sigaltstack mount clone3 sched_getaffinity faccessat2 setsid getxattr eventfd2`.trim().split(/\s+/)
    const { stdout, stderr } = t.box((config) => {
      config.process.args = ['/bin/sh', '-c', 'echo before; mkdir /x; echo $?']
      seccomp({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] })(config)
    }).run()
    assert.match(stdout, /^before\n1\n$/, stderr)
  }),
  refuses('config.md, Valid values', 'an action that there is none of is an error', seccomp({ defaultAction: 'SCMP_ACT_TEA' })),
]

const MASKED = 'config-linux.md, Masked Paths'
const READONLY = 'config-linux.md, Readonly Paths'
const hidden: Change = (config, _, box) => {
  mkdirSync(join(box.rootfs, 'secret'))
  writeFileSync(join(box.rootfs, 'secret/file'), 'secret\n')
  writeFileSync(join(box.rootfs, 'plain'), 'plain\n')
  mkdirSync(join(box.rootfs, 'fixed'))
  Object.assign(config.linux, {
    maskedPaths: ['/proc/version', '/secret', '/plain', '/no/such', '/sys/firmware'], readonlyPaths: ['/proc/sys', '/fixed', '/no/such'],
  })
}
const paths: readonly Row[] = inside({ change: hidden }, [
  [MASKED, 'a file reads as empty', 'cat /plain | wc -c; cat /proc/version | wc -c', '0\n0'],
  [MASKED, 'a directory lists as empty', 'ls /secret | wc -l; ls /sys/firmware | wc -l', '0\n0'],
  [MASKED, 'nothing can be put there', 'echo x > /secret/new', /read-only|permitted|denied/i],
  [READONLY, 'a file of /proc cannot be written', 'echo 1 > /proc/sys/kernel/msgmax', /read-only/i],
  [READONLY, 'a directory cannot be written', 'echo x > /fixed/new', /read-only/i],
  [READONLY, 'it can be read', 'cat /proc/sys/kernel/ostype', 'Linux'],
])

const PROPAGATION = 'config-linux.md, Rootfs Mount Propagation'
/** The root lies on a mount that propagates. */
const propagates = (value: string): Change => (config, _, box) => {
  host('mount', '--bind', box.bundle, box.bundle)
  host('mount', '--make-shared', box.bundle)
  config.linux['rootfsPropagation'] = value
}
const rootLine = "awk '$5 == \"/\"' /proc/self/mountinfo | tail -n 1"
const propagation: readonly Row[] = ([['shared', /^[^-]* shared:/], ['slave', /^(?!.* shared:)/], ['private', /^(?!.* (shared|master):)/], ['unbindable', / unbindable /]] as const)
  .flatMap(([value, expected]) => inside({ change: propagates(value) }, [[PROPAGATION, value, rootLine, expected]]))

const others: readonly Row[] = [
  ...inside({ change: linux({ personality: { domain: 'LINUX32' } }) }, [
    ['config-linux.md, Personality', 'LINUX32: uname tells it', 'uname -m', /^(i686|armv8l|armv7l)$/],
  ]),
  ...inside({ change: linux({ personality: { domain: 'LINUX' } }) }, [
    ['config-linux.md, Personality', 'LINUX: uname tells the machine', 'uname -m', /64$/],
  ]),
  refuses('config.md, Valid values', 'a personality that there is none of is an error', linux({ personality: { domain: 'TEA' } })),
  does('config-linux.md, IntelRdt', 'where the kernel has none, it is an error', (t: Bench) => {
    if (existsSync('/sys/fs/resctrl/schemata')) return
    assert.notEqual(t.box(linux({ intelRdt: { closID: 'a', l3CacheSchema: 'L3:0=f' } })).create().code, 0, 'it was no error')
  }),
]

const UNSUPPORTED = 'config.md, Valid values, unsupported'
/** What a runtime cannot give is an error; each of these, no machine that these tests run on can. */
const unsupported: readonly Row[] = [
  refuses(UNSUPPORTED, 'a profile of AppArmor where the kernel has none', (config) => {
    config.process['apparmorProfile'] = existsSync('/sys/kernel/security/apparmor') ? 'no-such-profile' : 'any'
  }),
  refuses(UNSUPPORTED, 'a label of SELinux where the kernel has none', (config) => { config.process['selinuxLabel'] = 'system_u:system_r:container_t:s0' }),
  refuses(UNSUPPORTED, 'a listener of seccomp that is not there', seccomp({
    listenerPath: '/no/such/socket', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
  })),
  refuses(UNSUPPORTED, 'a huge page of a size that there is none of', linux({ resources: { hugepageLimits: [{ pageSize: '3MB', limit: 0 }] } })),
  refuses(UNSUPPORTED, 'maps of users without a user namespace', linux({ uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }] })),
  refuses(UNSUPPORTED, 'a device of the network that there is none of (1.3)', linux({ netDevices: { nosuch0: {} } })),
]

export const LINUX: readonly Row[] = [...cgroups, ...sysctl, ...filters, ...paths, ...propagation, ...others, ...unsupported]
