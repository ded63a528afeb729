// config.md, Process, Hostname and the like: what the program finds itself to be.
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { does, inside, refuses, type Inside, type Row } from '../row.ts'

const SECTION = 'config.md, Process'
const USER = 'config.md, User'
const LIMITS = 'config.md, Process, rlimits'
const CAPABILITIES = 'config.md, Process, capabilities'
const LINUX_PROCESS = 'config.md, Linux Process'

/** Bits of linux/capability.h. */
const CAP = { CAP_CHOWN: 0, CAP_KILL: 5, CAP_NET_BIND_SERVICE: 10, CAP_SYS_CHROOT: 18 }
const bits = (...names: (keyof typeof CAP)[]): string => names.reduce((all, name) => all | (1n << BigInt(CAP[name])), 0n).toString(16).padStart(16, '0')
const cap = (line: string): string => `awk '/^${line}:/ { print $2 }' /proc/1/status`

const program = (fields: object) => (config: Config): void => void Object.assign(config.process, fields)

const begin: readonly Row[] = [
  ...inside({ change: program({ cwd: '/tmp', env: ['PATH=/bin', 'EMPTY=', 'EQUALS=a=b', 'SPACE= a b ', 'TWO=1', 'UTF=ä€'] }) }, [
    [`${SECTION}, cwd`, 'it begins there', 'readlink /proc/1/cwd', '/tmp'],
    [`${SECTION}, env`, 'exactly that, in that order', 'tr "\\0" "\\n" < /proc/1/environ', (seen) => {
      // HOME is added by runc and crun, which the spec does not forbid.
      const lines = seen.split('\n').filter((line) => !line.startsWith('HOME='))
      assert.deepEqual(lines, ['PATH=/bin', 'EMPTY=', 'EQUALS=a=b', 'SPACE= a b ', 'TWO=1', 'UTF=ä€'])
    }],
    [`${SECTION}, env`, 'nothing of the caller\'s', 'env', (seen) => assert.doesNotMatch(seen, /NODE|PWD=\/work|USER/)],
  ]),
  does(`${SECTION}, args`, 'they are those, empty ones too', (t) => {
    const { stdout } = t.box(({ process }) => {
      process.args = ['/bin/sh', '-c', 'for i in "$0" "$@"; do echo "[$i]"; done', 'zero', '', 'a b', '-x', '*']
    }).run()
    assert.equal(stdout, '[zero]\n[]\n[a b]\n[-x]\n[*]\n')
  }),
  does(`${SECTION}, args`, 'a name without a slash is looked for in PATH of the config', (t) => {
    assert.equal(t.box(program({ args: ['echo', 'found'], env: ['PATH=/none:/bin'] })).run().stdout, 'found\n')
  }),
  does(`${SECTION}, args`, 'the exit code of run is the program\'s', (t) => {
    assert.equal(t.box(program({ args: ['/bin/sh', '-c', 'exit 42'] })).run().code, 42)
  }),
  does(`${SECTION}, args`, 'a program that is not there is an error', (t) => {
    const box = t.box(program({ args: ['/no/such/program'] }))
    assert.ok(box.create().code !== 0 || box.start().code !== 0, 'neither create nor start was an error')
  }),
  refuses(`${SECTION}, cwd`, 'a path that is not absolute is an error', program({ cwd: 'tmp' })),
  refuses(`${SECTION}, args`, 'an empty list is an error', program({ args: [] })),
  does('runtime-linux.md, File descriptors', 'only the three are open', (t) => {
    const file = openSync(join(t.dir, 'callers'), 'w')
    try {
      const { stdout } = t.box(program({ args: ['/bin/sh', '-c', 'ls /proc/1/fd; exit 0'] })).run([file, file, file])
      assert.equal(stdout, '0\n1\n2\n')
    } finally {
      closeSync(file)
    }
  }),
]

const user: readonly Row[] = [
  ...inside({ change: program({ user: { uid: 1234, gid: 5678, umask: 0o027, additionalGids: [11, 22] } }) }, [
    [USER, 'uid: all four of them', "awk '/^Uid:/ { print $2, $3, $4, $5 }' /proc/self/status", '1234 1234 1234 1234'],
    [USER, 'gid: all four of them', "awk '/^Gid:/ { print $2, $3, $4, $5 }' /proc/self/status", '5678 5678 5678 5678'],
    [USER, 'umask', 'umask', '0027'],
    [USER, 'additionalGids: those, and none of the caller\'s', "awk '/^Groups:/ { $1 = \"\"; print }' /proc/1/status | xargs -n 1 | grep -v 5678 | sort -n | xargs", '11 22'],
    [USER, 'who is not root keeps no capability that is not ambient', `${cap('CapEff')}; ${cap('CapPrm')}`, `${bits()}\n${bits()}`],
  ]),
  ...inside({}, [
    [USER, 'no additionalGids: none', "awk '/^Groups:/ { $1 = \"\"; print }' /proc/self/status | xargs -n 1 | grep -v '^0$' | xargs", ''],
  ]),
  does(USER, 'without umask it is that of the caller', (t) => {
    const before = process.umask(0o037)
    try {
      assert.equal(t.box(program({ args: ['/bin/sh', '-c', 'umask'] })).run().stdout, '0037\n')
    } finally {
      process.umask(before)
    }
  }),
]

/** Not all of them: a test machine may be denied to raise a limit, so each is lower than any machine's. */
const RLIMITS: readonly (readonly [type: string, soft: number, hard: number, line: string])[] = [
  ['RLIMIT_AS', 2 ** 33, 2 ** 34, 'Max address space'], ['RLIMIT_CORE', 0, 1024, 'Max core file size'], ['RLIMIT_CPU', 50, 60, 'Max cpu time'],
  ['RLIMIT_DATA', 2 ** 31, 2 ** 32, 'Max data size'], ['RLIMIT_FSIZE', 2 ** 30, 2 ** 31, 'Max file size'],
  ['RLIMIT_LOCKS', 100, 200, 'Max file locks'], ['RLIMIT_MEMLOCK', 4096, 8192, 'Max locked memory'],
  ['RLIMIT_MSGQUEUE', 1000, 2000, 'Max msgqueue size'], ['RLIMIT_NICE', 0, 0, 'Max nice priority'],
  ['RLIMIT_NOFILE', 123, 456, 'Max open files'], ['RLIMIT_NPROC', 500, 1000, 'Max processes'],
  ['RLIMIT_RSS', 2 ** 30, 2 ** 31, 'Max resident set'], ['RLIMIT_RTPRIO', 0, 0, 'Max realtime priority'],
  ['RLIMIT_RTTIME', 1000, 2000, 'Max realtime timeout'], ['RLIMIT_SIGPENDING', 50, 100, 'Max pending signals'],
  ['RLIMIT_STACK', 2 ** 20, 2 ** 23, 'Max stack size'],
]
const numbers = (text: string): string => text.replace(/^Max [a-z ]+?(?= {2,})/, '').trim().split(/\s+/).slice(0, 2).join(' ')

const limits: readonly Row[] = [
  ...inside({ change: program({ rlimits: RLIMITS.map(([type, soft, hard]) => ({ type, soft, hard })) }) }, RLIMITS.map(([type, soft, hard, line]): Inside =>
    [LIMITS, `${type}, soft and hard`, `grep '^${line}' /proc/1/limits`, (seen) => assert.equal(numbers(seen), `${soft} ${hard}`)])),
  refuses(LIMITS, 'a name that the kernel has none of is an error', program({ rlimits: [{ type: 'RLIMIT_TEA', soft: 1, hard: 1 }] })),
  refuses(LIMITS, 'the same twice is an error', program({ rlimits: [1, 2].map((n) => ({ type: 'RLIMIT_NOFILE', soft: n * 100, hard: n * 100 })) })),
  refuses(LIMITS, 'a soft limit above the hard one is an error', program({ rlimits: [{ type: 'RLIMIT_NOFILE', soft: 200, hard: 100 }] })),
]

const rights: readonly Row[] = [
  ...inside({ change: program({ capabilities: {
    bounding: ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT'], permitted: ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],
    effective: ['CAP_CHOWN', 'CAP_KILL'], inheritable: ['CAP_KILL', 'CAP_NET_BIND_SERVICE'], ambient: ['CAP_NET_BIND_SERVICE'],
  }, user: { uid: 1000, gid: 1000 } }) }, [
    [CAPABILITIES, 'bounding', cap('CapBnd'), bits('CAP_CHOWN', 'CAP_KILL', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT')],
    [CAPABILITIES, 'inheritable', cap('CapInh'), bits('CAP_KILL', 'CAP_NET_BIND_SERVICE')],
    [CAPABILITIES, 'ambient', cap('CapAmb'), bits('CAP_NET_BIND_SERVICE')],
    [CAPABILITIES, 'another user has after execve what is ambient', `${cap('CapEff')}; ${cap('CapPrm')}`, `${bits('CAP_NET_BIND_SERVICE')}\n${bits('CAP_NET_BIND_SERVICE')}`],
  ]),
  ...inside({ change: program({ capabilities: { bounding: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'], effective: ['CAP_CHOWN'] } }) }, [
    [CAPABILITIES, 'root has what is bounding, permitted and effective', `${cap('CapEff')}; ${cap('CapPrm')}; ${cap('CapBnd')}`, [1, 2, 3].map(() => bits('CAP_CHOWN')).join('\n')],
    [CAPABILITIES, 'what is not among them cannot be done', 'hostname other', /not permitted/],
  ]),
  ...inside({ change: program({ capabilities: {} }) }, [[CAPABILITIES, 'none at all', cap('CapBnd'), bits()]]),
  ...inside({ change: program({ capabilities: { bounding: ['CAP_CHOWN', 'CAP_TEA'], permitted: ['CAP_CHOWN'], effective: ['CAP_CHOWN'] } }) }, [
    [CAPABILITIES, 'one that cannot be granted is passed over (1.1)', cap('CapBnd'), bits('CAP_CHOWN')],
  ]),
  ...inside({ change: program({ noNewPrivileges: true }) }, [[`${LINUX_PROCESS}, noNewPrivileges`, 'true: it is set', "awk '/^NoNewPrivs/ { print $2 }' /proc/1/status", '1']]),
  ...inside({ change: program({ noNewPrivileges: false }) }, [[`${LINUX_PROCESS}, noNewPrivileges`, 'false: it is not', "awk '/^NoNewPrivs/ { print $2 }' /proc/1/status", '0']]),
  ...inside({ change: program({ oomScoreAdj: 321 }) }, [[`${LINUX_PROCESS}, oomScoreAdj`, 'it is that', 'cat /proc/1/oom_score_adj', '321']]),
  ...inside({}, [[`${LINUX_PROCESS}, oomScoreAdj`, 'without it, it stays the caller\'s', 'cat /proc/1/oom_score_adj', (seen) =>
    assert.equal(seen, readFileSync('/proc/self/oom_score_adj', 'utf8').trim())]]),
  refuses('config.md, Valid values', 'an oomScoreAdj out of range is an error', program({ oomScoreAdj: 2000 })),
  ...inside({ change: program({ scheduler: { policy: 'SCHED_BATCH', nice: 5 } }) }, [
    [`${LINUX_PROCESS}, scheduler`, 'the policy', "awk '{ print $41 }' /proc/1/stat", '3'],
    [`${LINUX_PROCESS}, scheduler`, 'nice', "awk '{ print $19 }' /proc/1/stat", '5'],
  ]),
  ...inside({ change: program({ scheduler: { policy: 'SCHED_IDLE' } }) }, [[`${LINUX_PROCESS}, scheduler`, 'another policy', "awk '{ print $41 }' /proc/1/stat", '5']]),
  ...inside({ change: program({ ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 } }) }, [[`${LINUX_PROCESS}, ioPriority`, 'class and priority', 'ionice -p 1', 'best-effort: prio 6']]),
  ...inside({ change: program({ execCPUAffinity: { initial: '0', final: '0' } }) }, [
    [`${LINUX_PROCESS}, execCPUAffinity`, 'it is for exec; the first process is on all processors', "awk '/^Cpus_allowed_list/ { print $2 }' /proc/1/status", (seen) =>
      assert.equal(seen, /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])],
  ]),
]

const other: readonly Row[] = [
  ...inside({ change: (config) => Object.assign(config, { hostname: 'box-one', domainname: 'example.org' }) as unknown as void }, [
    ['config.md, Hostname', 'the container has it', 'hostname', 'box-one'],
    ['config.md, Domainname', 'the container has it', 'cat /proc/sys/kernel/domainname', 'example.org'],
  ]),
  does('config.md, Hostname', 'the machine keeps its own', (t) => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8')
    t.box((config) => { config['hostname'] = 'box-two' }).must('create')
    assert.equal(readFileSync('/proc/sys/kernel/hostname', 'utf8'), before)
  }),
  refuses('config.md, Hostname', 'without a uts namespace it is an error', (config) => {
    config['hostname'] = 'box'
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== 'uts')
  }),
  ...inside({ change: (config) => {
    Object.assign(config, { unheardOf: { deep: [1] }, windows: { servicing: true } })
    Object.assign(config.process, { unheardOf: 'x' })
    Object.assign(config.linux, { unheardOf: 1 })
    Object.assign(config.root, { unheardOf: null })
  } }, [['config.md, Extensibility', 'properties that are not known are ignored', 'echo fine', 'fine']]),
  ...[['2.0.0', 'another major version'], ['one', 'no version at all']].map(([version = '', what]) =>
    refuses('config.md, Specification version', `${what} is an error`, (config) => { config.ociVersion = version })),
  refuses('config.md, Valid values', 'a value of another type is an error', (config) => { config.process['terminal'] = 'yes' }),
]

export const PROCESS: readonly Row[] = [...begin, ...user, ...limits, ...rights, ...other]
