// What the kernel says about a process, seen from outside: the ground truth of `step`, of tests, and of the grader.
//
//   const before = observe(pid)
//   changes(before, observe(pid))   → ['host name: laptop → box']
//
// Invariant: nothing that a container prints is believed here, and looking changes nothing in it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { close, open, setns, uname } from '../data/calls.ts'
import { CLONE_NEWUTS, O_CLOEXEC, O_RDONLY } from '../data/constants.ts'
import { callAll } from './call.ts'

/** Facts by name, such as `host name` or `uts namespace`, in the order in which they are printed. */
export type View = Readonly<Record<string, string>>

/** @throws {Error} with code ENOENT if there is no such process */
export function observe(pid: number): View {
  const proc = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const status = Object.fromEntries(proc('status').split('\n').map((line) => line.split(':\t')))
  const field = (name: string): string => String(status[name] ?? '').replaceAll('\t', ' ').trim()
  const { nodename, domainname } = names(pid)
  return {
    'program': proc('comm').trim(),
    ...Object.fromEntries(Object.entries(namespaces(pid)).map(([type, id]) => [`${type} namespace`, id])),
    'host name': nodename,
    'domain name': domainname,
    'root': readlinkSync(`/proc/${pid}/root`),
    'working directory': readlinkSync(`/proc/${pid}/cwd`),
    'session': proc('stat').split(') ')[1]?.split(' ')[3] ?? '',
    'user ids': field('Uid'),
    'group ids': field('Gid'),
    'capabilities': field('CapEff'),
    'no new privileges': field('NoNewPrivs'),
    'seccomp': field('Seccomp'),
    'blocked signals': field('SigBlk'),
    'ignored signals': field('SigIgn'),
    'descriptors': readdirSync(`/proc/${pid}/fd`).join(' '),
    'visible mounts': proc('mountinfo').trim().split('\n').map((line) => line.split(' ')[4]).join(' '),
    'cgroup': proc('cgroup').trim().split('\n').join(' '),
  }
}

/** @returns `{ uts: 'uts:[4026531838]', … }`. @see namespaces(7) */
export function namespaces(pid: number | 'self'): Record<string, string> {
  const types = readdirSync(`/proc/${pid}/ns`).filter((type) => !type.endsWith('_for_children'))
  return Object.fromEntries(types.map((type) => [type, readlinkSync(`/proc/${pid}/ns/${type}`)]))
}

/** So many differences of one list are counted instead of told. */
const MANY = 6

/** @returns one line for each fact that differs */
export function changes(before: View, after: View): string[] {
  return Object.keys(after).filter((name) => before[name] !== after[name]).map((name) => {
    const [was, is] = [before[name] ?? '', after[name] ?? '']
    if (name !== 'visible mounts' && name !== 'descriptors') return `${name}: ${was} → ${is}`
    const [had, has] = [was, is].map((list) => list.split(' ').filter(Boolean)) as [string[], string[]]
    const moved = [...without(has, had).map((item) => `+ ${item}`), ...without(had, has).map((item) => `- ${item}`)]
    return `${name}: ${moved.length > MANY ? `${had.length} → ${has.length}` : moved.join(' ')}`
  })
}

/** The names of the UTS namespace that a process is in. Reading them takes a visit, there and back within one list. */
export function names(pid: number): { nodename: string; domainname: string } {
  const there = namespaces(pid)['uts'] !== namespaces('self')['uts']
  const flags = O_RDONLY | O_CLOEXEC
  const results = callAll(there
    ? [
        { ...open('/proc/thread-self/ns/uts', flags), as: 'home' },
        { ...open(`/proc/${pid}/ns/uts`, flags), as: 'there' },
        setns({ resultOf: 'there' }, CLONE_NEWUTS), uname(), setns({ resultOf: 'home' }, CLONE_NEWUTS),
        close({ resultOf: 'there' }), close({ resultOf: 'home' }),
      ]
    : [uname()])
  const buffer = results.find(({ call }) => call.call === 'uname')?.outs[0] ?? Buffer.alloc(0)
  const FIELD = 65
  const at = (n: number): string => buffer.toString('utf8', n * FIELD, buffer.indexOf(0, n * FIELD))
  return { nodename: at(1) || hostname(), domainname: at(5) }
}

const without = (list: readonly string[], other: readonly string[]): string[] => {
  const rest = [...other]
  return list.filter((item) => {
    const i = rest.indexOf(item)
    if (i >= 0) rest.splice(i, 1)
    return i < 0
  })
}
