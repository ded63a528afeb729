// config-linux.md, Namespaces: new ones, those of the caller, and those that are there already.
import assert from 'node:assert/strict'
import { chownSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { namespace, userNamespace, FIRST_ID, type Config } from '../config.ts'
import type { Bench, Box } from '../bench.ts'
import { does, inside, refuses, type Row } from '../row.ts'

const SECTION = 'config-linux.md, Namespaces'
/** Types, and the files of /proc/PID/ns. */
const FILES = { pid: 'pid', network: 'net', mount: 'mnt', ipc: 'ipc', uts: 'uts', user: 'user', cgroup: 'cgroup', time: 'time' } as const
type Type = keyof typeof FILES
const of = (pid: number | 'self', type: Type): string => readlinkSync(`/proc/${pid}/ns/${FILES[type]}`)
const pidOf = (box: Box): number => box.state().pid ?? 0

/** The image belongs to root of the container, as an engine would have it. */
export function owned(box: Box): void {
  for (const name of ['', ...readdirSync(box.rootfs, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)]) {
    chownSync(join(box.rootfs, name), FIRST_ID, FIRST_ID)
  }
}

function only(...types: Type[]) {
  return (config: Config, _: Bench, box: Box): void => {
    config.linux.namespaces = types.map((type) => ({ type }))
    if (types.includes('user')) {
      userNamespace(config)
      owned(box)
    }
    // A sysfs and a queue are made by who has the namespaces that they show.
    if (!types.includes('network') || !types.includes('ipc')) config.mounts = config.mounts.filter(({ type }) => type !== 'mqueue' && type !== 'sysfs')
  }
}

const fresh: readonly Row[] = [
  ...(['pid', 'network', 'mount', 'ipc', 'uts', 'cgroup'] as const).map((type) => does(SECTION, `${type} without a path: a new one`, (t) => {
    const box = t.box(only(...new Set<Type>(['mount', type]))).must('create')
    assert.notEqual(of(pidOf(box), type), of('self', type))
  })),
  does(SECTION, 'user without a path: a new one', (t) => {
    const box = t.box(only('mount', 'user', 'pid', 'ipc', 'network', 'uts')).must('create')
    assert.notEqual(of(pidOf(box), 'user'), of('self', 'user'))
  }),
  does(SECTION, 'time without a path: a new one', (t) => {
    const box = t.box(only('mount', 'time')).ended()
    const second = t.box((config, ...rest) => {
      only('mount', 'time')(config, ...rest)
      config.process.args = ['/bin/sh', '-c', 'readlink /proc/self/ns/time > /said']
    }).ended()
    assert.notEqual(readFileSync(join(second.rootfs, 'said'), 'utf8').trim(), of('self', 'time'))
    assert.equal(box.state().status, 'stopped')
  }),
  ...inside({}, [
    [SECTION, 'pid: only its own processes are seen', 'ls -d /proc/[0-9]* | grep -c .', /^[1-4]$/],
    [SECTION, 'pid: the program is the first', 'tr "\\0" " " < /proc/1/cmdline', /^\/bin\/sh -c/],
    // Kernels with tunnels put some into each namespace, as tunl0.
    [SECTION, 'network: a new one has lo, and no card', 'ls /sys/class/net; ls -d /sys/class/net/*/device', /^lo$[^]*No such file/m],
    [SECTION, 'ipc: nothing of the machine\'s', 'wc -l < /proc/sysvipc/shm', '1'],
  ]),
]

const TYPES = ['pid', 'network', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const
const SHARED = {}
const shared: readonly Row[] = TYPES.map((type) => does(SECTION, `${type} not listed: the caller's`, (t) => {
  const box = t.once(SHARED, () => t.box(only('mount')).must('create'))
  assert.equal(of(pidOf(box), type), of('self', type))
}))

const HOLDER = {}
const holder = (t: Bench): number => t.once(HOLDER, () => pidOf(t.box(only('mount', 'pid', 'network', 'ipc', 'uts', 'cgroup')).must('create')))
const joins = (type: Type, change: (config: Config, pid: number, box: Box, t: Bench) => void = () => {}): Row =>
  does(SECTION, `${type} with a path: that one`, (t) => {
    const pid = holder(t)
    const box = t.box((config, _, box) => {
      only('mount', 'pid')(config, t, box)
      namespace(config, type, { type, path: `/proc/${pid}/ns/${FILES[type]}` })
      change(config, pid, box, t)
    }).must('create')
    assert.equal(of(pidOf(box), type), of(pid, type))
  })

const joined: readonly Row[] = [
  ...(['pid', 'network', 'ipc', 'uts', 'cgroup'] as const).map((type) => joins(type)),
  does(SECTION, 'user with a path: that one', (t) => {
    const first = pidOf(t.box(only('mount', 'user', 'pid', 'ipc', 'network', 'uts')).must('create'))
    const box = t.box((config, _, box) => {
      only('mount', 'user', 'pid', 'ipc', 'network', 'uts')(config, t, box)
      namespace(config, 'user', { type: 'user', path: `/proc/${first}/ns/user` })
      Reflect.deleteProperty(config.linux, 'uidMappings')
      Reflect.deleteProperty(config.linux, 'gidMappings')
    }).must('create')
    assert.equal(of(pidOf(box), 'user'), of(first, 'user'))
  }),
  does(SECTION, 'time with a path: that one', (t) => {
    const first = t.box((config, ...rest) => {
      only('mount', 'time')(config, ...rest)
      config.process.args = ['/bin/sh', '-c', 'mkfifo /wait; read x < /wait']
    }).must('create').must('start')
    const box = t.box((config, ...rest) => {
      only('mount')(config, ...rest)
      namespace(config, 'time', { type: 'time', path: `/proc/${pidOf(first)}/ns/time` })
    }).must('create')
    assert.equal(of(pidOf(box), 'time'), of(pidOf(first), 'time'))
  }),
  refuses(SECTION, 'a path that is not there is an error', (config) => namespace(config, 'network', { type: 'network', path: '/proc/self/ns/none' })),
  refuses(SECTION, 'a path of another type is an error', (config) => namespace(config, 'network', { type: 'network', path: '/proc/self/ns/ipc' })),
  refuses(SECTION, 'a path that is no namespace is an error', (config) => namespace(config, 'network', { type: 'network', path: '/etc/hostname' })),
  refuses(SECTION, 'a path that is not absolute is an error', (config) => namespace(config, 'network', { type: 'network', path: 'proc/self/ns/net' })),
  refuses(SECTION, 'one type twice is an error', (config) => void config.linux.namespaces.push({ type: 'uts' })),
  refuses('config.md, Valid values', 'a type that there is none of is an error', (config) => void config.linux.namespaces.push({ type: 'tea' })),
]

const MAPS = 'config-linux.md, User namespace mappings'
const users: readonly Row[] = [
  ...inside({ change: (config, _, box) => {
    userNamespace(config)
    owned(box)
  } }, [
    [MAPS, 'uidMappings', 'cat /proc/self/uid_map | xargs', `0 ${FIRST_ID} 65536`],
    [MAPS, 'gidMappings', 'cat /proc/self/gid_map | xargs', `0 ${FIRST_ID} 65536`],
    [MAPS, 'the owners of files are not changed', 'stat -c %u /bin/busybox', /^(65534|0)$/],
    [MAPS, 'the default devices are there all the same', 'for d in null zero full random urandom tty; do stat -c "%F" /dev/$d; done | sort -u', 'character special file'],
    [MAPS, 'they can be used', 'echo x > /dev/null && echo yes', 'yes'],
    [MAPS, 'root of the container is not root of the machine', 'cat /proc/self/uid_map | awk \'{ print ($2 != 0) }\'', '1'],
  ]),
  ...inside({ change: (config, _, box) => {
    userNamespace(config)
    owned(box)
    const maps = [{ containerID: 0, hostID: FIRST_ID, size: 10 }, { containerID: 1000, hostID: 300_000, size: 5 }]
    Object.assign(config.linux, { uidMappings: maps, gidMappings: maps.slice(0, 1) })
  } }, [[MAPS, 'several ranges, different for users and groups', 'cat /proc/self/uid_map /proc/self/gid_map | xargs', `0 ${FIRST_ID} 10 1000 300000 5 0 ${FIRST_ID} 10`]]),
]

const OFFSETS = 'config-linux.md, Offset for Time Namespace'
const clocks: readonly Row[] = [
  ...inside({ change: (config) => {
    namespace(config, 'time', { type: 'time' })
    config.linux['timeOffsets'] = { monotonic: { secs: 5000, nanosecs: 7 }, boottime: { secs: 86_400 * 40, nanosecs: 0 } }
  } }, [
    [OFFSETS, 'boottime and monotonic', "awk '{ print $1, $2, $3 }' /proc/1/timens_offsets | sort", /^boottime\s+3456000 0\nmonotonic\s+5000 7$/],
    [OFFSETS, 'its clock shows it', "awk '{ print ($1 > 3456000) }' /proc/uptime", '1'],
  ]),
]

export const NAMESPACES: readonly Row[] = [...fresh, ...shared, ...joined, ...users, ...clocks]
