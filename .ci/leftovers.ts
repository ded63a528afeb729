// What a test run may leave on the machine: nothing. A snapshot before, one after, and the difference.
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'

const CGROUPS = '/sys/fs/cgroup'

/** Each kind of thing, as a list of names that compare as text. */
export type Snapshot = Readonly<Record<string, readonly string[]>>

export function snapshot(tmp: string): Snapshot {
  return {
    mounts: readFileSync('/proc/self/mounts', 'utf8').trim().split('\n'),
    'network interfaces': list('/sys/class/net'),
    'network namespaces': [...list('/run/netns'), ...list('/run/pocker')],
    // The group that holds all others stays, as an empty directory.
    cgroups: ['.', ...list(CGROUPS)].flatMap((tree) => directories(join(CGROUPS, tree, 'pocker'))),
    // tsx keeps its compiled sources there.
    'temporary files': list(tmp).filter((name) => !name.startsWith('tsx-')),
    'processes in namespaces': contained(),
  }
}

/** @returns what is there now and was not before, each as a line */
export function leftovers(before: Snapshot, after: Snapshot): string[] {
  return Object.entries(after).flatMap(([kind, names]) =>
    names.filter((name) => !before[kind]?.includes(name)).map((name) => `${kind}: ${name}`))
}

/** Processes that live in another UTS, PID or mount namespace than we do: containers. */
function contained(): string[] {
  const own = namespacesOf('self')
  return list('/proc').filter((pid) => /^\d+$/.test(pid)).flatMap((pid) => {
    const theirs = namespacesOf(pid)
    return theirs && theirs !== own ? [`${pid} ${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}`] : []
  })
}

function namespacesOf(pid: string): string | undefined {
  try {
    return ['uts', 'pid', 'mnt'].map((type) => readlinkSync(`/proc/${pid}/ns/${type}`)).join(' ')
  } catch {
    return undefined // it has ended
  }
}

const directories = (dir: string): string[] =>
  list(dir).map((name) => join(dir, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory())
const list = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : [])
