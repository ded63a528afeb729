// A config.json that is wrong in one field, and the line that says so.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SpecError } from '@pocker/syscalls'
import { readSpec } from '../src/spec/read.ts'

const PROCESS = { cwd: '/', args: ['sh'], user: { uid: 0, gid: 0 } }
const BASE = { ociVersion: '1.2.0', root: { path: 'rootfs' }, process: PROCESS }
const linux = (fields: object): object => ({ ...BASE, linux: fields })
const program = (fields: object): object => ({ ...BASE, process: { ...PROCESS, ...fields } })
const resources = (fields: object): object => linux({ resources: fields })
const hook = (fields: object): object => ({ ...BASE, hooks: { poststop: [{ path: '/bin/true', ...fields }] } })
const own = (...types: string[]): { namespaces: object[] } => ({ namespaces: types.map((type) => ({ type })) })
const MAP = { containerID: 0, hostID: 0, size: 1 }

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof SpecError) return error.message
    throw error
  }
  return 'taken'
}

const POLICIES = 'SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE'
const PROPAGATIONS = 'private, rprivate, slave, rslave, shared, rshared, unbindable, runbindable'

const WRONG: readonly (readonly [data: unknown, message: string])[] = [
  [[], 'expected an object, got []'],
  [7, 'expected an object, got 7'],
  [{}, 'ociVersion: expected a version 1.x.y, got nothing'],
  [{ ...BASE, ociVersion: '2.0.0' }, 'ociVersion: expected a version 1.x.y, got "2.0.0"'],
  [{ ...BASE, ociVersion: '1.2' }, 'ociVersion: expected a version 1.x.y, got "1.2"'],
  [{ ...BASE, root: null }, 'root: expected an object, got nothing'],
  [{ ...BASE, root: {} }, 'root.path: expected a path, got nothing'],
  [{ ...BASE, root: { path: '' } }, 'root.path: expected a path, got ""'],
  [{ ...BASE, root: { path: 'r', readonly: 'yes' } }, 'root.readonly: expected true or false, got "yes"'],
  [{ ...BASE, root: { path: 'r'.repeat(70), readonly: 'no'.repeat(50) } },
    `root.readonly: expected true or false, got "${'no'.repeat(39)}n…`],
  [{ ...BASE, hostname: 'box' }, 'hostname: expected none without a uts namespace, got "box"'],
  [{ ...BASE, domainname: 'box' }, 'domainname: expected none without a uts namespace, got "box"'],
  [{ ...BASE, hostname: 'b\0x' }, 'hostname: expected text without a NUL, got "b␀x"'],
  [{ ...BASE, hostname: '\u0000123' }, 'hostname: expected text without a NUL, got "␀123"'],
  [{ ...BASE, unknown: [{ 'a\0': 1 }] }, 'unknown[0]["a\\u0000"]: expected text without a NUL, got "a␀"'],
  [{ ...BASE, annotations: { '': 'x' } }, 'annotations[""]: expected a name that is not empty, got ""'],
  [{ ...BASE, annotations: { 'a.b\n': 1 } }, 'annotations["a.b\\n"]: expected text, got 1'],
  [{ ...BASE, mounts: {} }, 'mounts: expected a list, got {}'],
  [{ ...BASE, mounts: [{ destination: '/' }, null] }, 'mounts[1]: expected an object, got null'],
  [{ ...BASE, mounts: [{ source: '/' }] }, 'mounts[0].destination: expected a path, got nothing'],
  [{ ...BASE, mounts: [{ destination: '/', options: 'ro' }] },
    'mounts[0].options: expected a list, got "ro"'],
  [{ ...BASE, mounts: [{ destination: '/', uidMappings: [{}] }] },
    'mounts[0].uidMappings[0].containerID: expected a whole number from 0 to 4294967295, got nothing'],
  [program({ cwd: 'tmp' }), 'process.cwd: expected an absolute path, got "tmp"'],
  [program({ args: undefined }), 'process.args: expected a list, got nothing'],
  [program({ args: [] }), 'process.args: expected a list that begins with a program, got []'],
  [program({ args: [''] }), 'process.args: expected a list that begins with a program, got [""]'],
  [program({ args: ['sh', 1] }), 'process.args[1]: expected text, got 1'],
  [program({ env: ['A=', 'B'] }), 'process.env[1]: expected NAME=value, got "B"'],
  [program({ env: ['=B'] }), 'process.env[0]: expected NAME=value, got "=B"'],
  [program({ user: { uid: 0 } }),
    'process.user.gid: expected a whole number from 0 to 4294967295, got nothing'],
  [program({ user: { uid: -1, gid: 0 } }),
    'process.user.uid: expected a whole number from 0 to 4294967295, got -1'],
  [program({ user: { uid: 1.5, gid: 0 } }),
    'process.user.uid: expected a whole number from 0 to 4294967295, got 1.5'],
  [program({ oomScoreAdj: 1001 }),
    'process.oomScoreAdj: expected a whole number from -1000 to 1000, got 1001'],
  [program({ consoleSize: { width: 80 } }),
    'process.consoleSize.height: expected a whole number from 0 to 65535, got nothing'],
  [program({ capabilities: ['CAP_KILL'] }), 'process.capabilities: expected an object, got ["CAP_KILL"]'],
  [program({ scheduler: { nice: 1 } }),
    `process.scheduler.policy: expected one of ${POLICIES}, got nothing`],
  [program({ ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 8 } }),
    'process.ioPriority.priority: expected a whole number from 0 to 7, got 8'],
  [program({ rlimits: [{ type: 'RLIMIT_CORE', soft: 2, hard: 1 }] }),
    'process.rlimits[0].soft: expected at most 1, the hard limit, got 2'],
  [program({ rlimits: [0, 0].map(() => ({ type: 'RLIMIT_CORE', soft: 1, hard: 1 })) }),
    'process.rlimits[1].type: expected each limit once, got "RLIMIT_CORE"'],
  [program({ rlimits: [{ type: 'RLIMIT_CORE', soft: -1, hard: 1 }] }),
    'process.rlimits[0].soft: expected a whole number from 0 to 18446744073709551615, got -1'],
  [hook({ path: 'true' }), 'hooks.poststop[0].path: expected an absolute path, got "true"'],
  [hook({ timeout: 0 }),
    'hooks.poststop[0].timeout: expected a whole number from 1 to 9007199254740991, got 0'],
  [hook({ env: ['A'] }), 'hooks.poststop[0].env[0]: expected NAME=value, got "A"'],
  [linux([] as object), 'linux: expected an object, got []'],
  [linux(own('net')),
    'linux.namespaces[0].type: expected one of pid, network, mount, ipc, uts, user, cgroup, time, got "net"'],
  [linux(own('pid', 'ipc', 'pid')), 'linux.namespaces[2].type: expected each namespace once, got "pid"'],
  [linux({ namespaces: [{ type: 'pid', path: 'ns' }] }),
    'linux.namespaces[0].path: expected an absolute path, got "ns"'],
  [linux({ uidMappings: [MAP] }),
    'linux.uidMappings: expected none without a user namespace, got [{"containerID":0,"hostID":0,"size":1}]'],
  [linux({ ...own('pid'), gidMappings: [MAP] }),
    'linux.gidMappings: expected none without a user namespace, got [{"containerID":0,"hostID":0,"size":1}]'],
  [linux({ timeOffsets: { boottime: { secs: 1 } } }),
    'linux.timeOffsets: expected none without a time namespace, got {"boottime":{"secs":1,"nanosecs":0}}'],
  [linux({ timeOffsets: { tai: { secs: 1 } } }),
    'linux.timeOffsets.tai: expected one of boottime, monotonic, got "tai"'],
  [linux({ devices: [{ path: 'fuse', type: 'c' }] }),
    'linux.devices[0].path: expected an absolute path, got "fuse"'],
  [linux({ devices: [{ path: '/f', type: 'a' }] }),
    'linux.devices[0].type: expected one of c, b, u, p, got "a"'],
  [linux({ devices: [{ path: '/f', type: 'c', major: 1 }] }),
    'linux.devices[0].minor: expected the number of a device of type c, got nothing'],
  [linux({ rootfsPropagation: 'shred' }),
    `linux.rootfsPropagation: expected one of ${PROPAGATIONS}, got "shred"`],
  [linux({ maskedPaths: ['proc'] }), 'linux.maskedPaths[0]: expected an absolute path, got "proc"'],
  [linux({ personality: {} }), 'linux.personality.domain: expected one of LINUX, LINUX32, got nothing'],
  [linux({ sysctl: { 'kernel.msgmax': '1' } }),
    'linux.sysctl["kernel.msgmax"]: expected none without an ipc namespace, got "1"'],
  [linux({ sysctl: { 'net/core/somaxconn': '1' } }),
    'linux.sysctl["net/core/somaxconn"]: expected none without a network namespace, got "1"'],
  [linux({ ...own('uts'), sysctl: { 'kernel.hostname': 'x' } }),
    'linux.sysctl["kernel.hostname"]: expected none, for there is the field hostname, got "x"'],
  [linux({ sysctl: { 'kernel.core_pattern': 'x' } }),
    'linux.sysctl: expected parameters that a namespace isolates, got "kernel.core_pattern"'],
  [linux({ ...own('network'), sysctl: { 'net/../kernel/core_pattern': 'x' } }),
    'linux.sysctl: expected parameters that a namespace isolates, got "net/../kernel/core_pattern"'],
  [linux({ ...own('network'), sysctl: { 'net.//.kernel.core_pattern': 'x' } }),
    'linux.sysctl: expected parameters that a namespace isolates, got "net.//.kernel.core_pattern"'],
  [linux({ ...own('ipc'), sysctl: { 'kernel.msgmax': 1 } }),
    'linux.sysctl["kernel.msgmax"]: expected text, got 1'],
  [resources({ devices: [{ type: 'c' }] }),
    'linux.resources.devices[0].allow: expected true or false, got nothing'],
  [resources({ devices: [{ allow: true, access: 'x' }] }),
    'linux.resources.devices[0].access: expected some of r, w and m, got "x"'],
  [resources({ memory: { limit: '1g' } }),
    'linux.resources.memory.limit: expected a whole number from -9223372036854775808 to 9223372036854775807, got "1g"'],
  [resources({ pids: {} }),
    'linux.resources.pids.limit: expected a whole number from -9007199254740991 to 9007199254740991, got nothing'],
  [resources({ blockIO: { weightDevice: [{ major: 8, minor: 0 }] } }),
    'linux.resources.blockIO.weightDevice[0]: expected a weight or a leafWeight, got {"major":8,"minor":0}'],
  [resources({ hugepageLimits: [{ pageSize: '2mb', limit: 1 }] }),
    'linux.resources.hugepageLimits[0].pageSize: expected a size such as 2MB, got "2mb"'],
  [resources({ rdma: { mlx5: {} } }), 'linux.resources.rdma.mlx5: expected hcaHandles or hcaObjects, got {}'],
  [resources({ unified: { '../memory.max': '1' } }),
    'linux.resources.unified["../memory.max"]: expected the name of a file in the cgroup, got "../memory.max"'],
  [resources({ unified: { '..': '1' } }),
    'linux.resources.unified[".."]: expected the name of a file in the cgroup, got ".."'],
]

test('what is wrong is refused in one line that names the field, what was expected and what came', () => {
  for (const [data, message] of WRONG) assert.is(refusal(() => readSpec(JSON.stringify(data))), `config.json: ${message}`)
})

test.run()
