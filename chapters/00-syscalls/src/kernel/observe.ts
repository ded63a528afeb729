// What the kernel says about a process, seen from outside: the ground truth of `step`, of tests, and of the grader.
//
//   const before = observe(pid)     → { 'host name': 'laptop', … }
//   changes(before, observe(pid))   → ['host name: laptop → box'], see changes.ts
//
// Invariant: nothing that a container prints is believed here, and looking changes nothing in it.
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { uname } from '../data/calls.ts'
import { CAP, CLONE_NEWUSER, CLONE_NEWUTS, O_CLOEXEC, SIG } from '../data/constants.ts'
import { nameOf } from '../data/format.ts'
import { ROOT } from './changes.ts'
import { visit } from './visit.ts'

export { changes, describe, differences, type Change } from './changes.ts'

/** Facts by name, such as `host name`, `mount 27` or `descriptor 0`, in the order in which they are printed. */
export type View = Readonly<Record<string, string>>

/** @throws {Error} with code ENOENT if there is no such process */
export function observe(pid: number): View {
  const proc = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const status = Object.fromEntries(proc('status').split('\n').map((line) => line.split(':\t')))
  const field = (name: string): string => String(status[name] ?? '').replaceAll('\t', ' ').trim()
  const { nodename, domainname } = names(pid)
  const stat = proc('stat')
  const mounts = parseMounts(proc('mountinfo'))
  return {
    'program': proc('comm').trim(),
    ...Object.fromEntries(Object.entries(namespaces(pid)).map(([type, id]) => [`${type} namespace`, id])),
    'host name': nodename,
    'domain name': domainname,
    ...rootOf(pid, mounts),
    'working directory': readlinkSync(`/proc/${pid}/cwd`),
    'umask': field('Umask'),
    'session': stat.slice(stat.lastIndexOf(') ')).split(' ')[4] ?? '',
    'user ids': ids(field('Uid')),
    'group ids': ids(field('Gid')),
    'supplementary groups': field('Groups'),
    'capabilities': capabilities(field('CapEff')),
    'permitted capabilities': capabilities(field('CapPrm')),
    'inheritable capabilities': capabilities(field('CapInh')),
    'bounding capabilities': capabilities(field('CapBnd')),
    'ambient capabilities': capabilities(field('CapAmb')),
    'no new privileges': field('NoNewPrivs') === '1' ? 'on' : 'off',
    'seccomp': ['off', 'strict', 'filter'][Number(field('Seccomp'))] ?? '',
    'blocked signals': signals(field('SigBlk')),
    'ignored signals': signals(field('SigIgn')),
    ...Object.fromEntries(mounts.map((mount) => [`mount ${mount.id}`, `${mount.target} ${mount.what} ${mount.options}`])),
    ...descriptors(pid),
    ...cgroups(proc('cgroup')),
  }
}

/** @returns `{ uts: 'uts:[4026531838]', … }`. @see namespaces(7) */
export function namespaces(pid: number | 'self'): Record<string, string> {
  const types = readdirSync(`/proc/${pid}/ns`).filter((type) => !type.endsWith('_for_children'))
  return Object.fromEntries(types.map((type) => [type, readlinkSync(`/proc/${pid}/ns/${type}`)]))
}

/** sizeof(char[__NEW_UTS_LEN + 1]): the fields of struct new_utsname. @see uname(2) */
const UTS_FIELD = 65

/**
 * The names of the UTS namespace that a process is in. Reading them takes a visit.
 * @param through a process whose user namespace the UTS namespace belongs to; without root, the way leads through it
 */
export function names(pid: number, through = pid): { nodename: string; domainname: string } {
  const ours = namespaces('self')
  const places = [[`/proc/${through}/ns/user`, CLONE_NEWUSER, 'user'], [`/proc/${pid}/ns/uts`, CLONE_NEWUTS, 'uts']] as const
  const elsewhere = places.filter(([path, , type]) => readlinkSync(path) !== ours[type])
  const buffer = visit(elsewhere.map(([path, type]) => [path, type]), [uname()])[0]?.outs[0] ?? Buffer.alloc(0)
  const at = (n: number): string => buffer.toString('utf8', n * UTS_FIELD, buffer.indexOf(0, n * UTS_FIELD))
  return { nodename: at(1), domainname: at(5) }
}

/** One line of mountinfo. `what` is the type of the file system, and which part of it if not all. */
interface Mount { readonly id: string; readonly target: string; readonly what: string; readonly options: string }

/** @see proc_pid_mountinfo(5) */
function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').filter(Boolean).map((line) => {
    const [fields = '', source = ''] = line.split(' - ')
    const [id = '', , , root = '', target = '', options = '', ...propagation] = fields.split(' ')
    const type = source.split(' ')[0] ?? ''
    const peers = propagation.map((word) => word.split(':')[0] ?? '')
    return { id, target, what: root === '/' ? type : `${type} of ${root}`, options: [options, ...peers].join(' ') }
  })
}

/** Two roots of two mount namespaces can both be called `/`; what is mounted there tells them apart. */
function rootOf(pid: number, mounts: readonly Mount[]): View {
  const path = readlinkSync(`/proc/${pid}/root`)
  const { dev, ino } = statSync(`/proc/${pid}/root`)
  const own = namespaces(pid)['mnt'] === namespaces('self')['mnt']
  const mount = mountOf(`/proc/${pid}/root`)
  const at = mounts.find(({ id }) => id === mount)
  return {
    'root': at && !own ? `${path} (${at.what})` : path,
    [ROOT.directory]: `${dev}:${ino}`,
    [ROOT.mount]: mount,
  }
}

/** @returns the id of the mount that a file lies in */
function mountOf(path: string): string {
  const fd = openSync(path, 'r')
  try {
    return /^mnt_id:\t(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? ''
  } finally {
    closeSync(fd)
  }
}

function descriptors(pid: number): View {
  const numbers = readdirSync(`/proc/${pid}/fd`).map(Number).toSorted((a, b) => a - b)
  return Object.fromEntries(numbers.flatMap((fd) => {
    try {
      const flags = /^flags:\t([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0'
      const kept = Number.parseInt(flags, 8) & O_CLOEXEC ? '' : ', kept by execve'
      return [[`descriptor ${fd}`, readlinkSync(`/proc/${pid}/fd/${fd}`) + kept]]
    } catch {
      return [] // of this very process: the one that read the directory
    }
  }))
}

/** One fact for the unified hierarchy, and one for each of version 1. @see cgroups(7), /proc/pid/cgroup */
function cgroups(text: string): View {
  return Object.fromEntries(text.split('\n').filter(Boolean).map((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    return [controllers ? `cgroup of ${controllers}` : 'cgroup', path]
  }))
}

/** Real, effective, saved and file system id; mostly all the same. */
const ids = (text: string): string => new Set(text.split(' ')).size === 1 ? (text.split(' ')[0] ?? '') : text

/** The numbers of the bits that are set in a hexadecimal mask. */
const bits = (mask: string): number[] =>
  Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => BigInt(`0x${mask || '0'}`) >> BigInt(bit) & 1n)

const capabilities = (mask: string): string => bits(mask).map((bit) => nameOf(CAP, bit) ?? `CAP_${bit}`).join(' ')

/** Those that no process can block: SIGKILL and SIGSTOP for the kernel, 32 and 33 for the C library. */
const UNBLOCKABLE = [9, 19, 32, 33]

function signals(mask: string): string {
  const numbers = bits(mask).map((bit) => bit + 1)
  if (new Set([...numbers, ...UNBLOCKABLE]).size === 64) return 'all'
  return numbers.map((number) => Object.keys(SIG)[number - 1] ?? `SIG${number}`).join(' ')
}
