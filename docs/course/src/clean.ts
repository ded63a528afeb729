// `course clean`: puts a machine right after a bad plan, or after a grader that was killed.
//
//   course clean         lists what is left over
//   course clean --yes   takes it away
//
// Invariant: only what bears the course's own marks is touched: mounts below the grader's folder, control groups named
// grade-PID-… below /pocker whose grader is gone, network namespaces in /run/pocker/netns in which no process is, and
// processes whose root is the grader's root file system and whose parent is no grader.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { below, findTree, remove } from '@pocker/cgroup'
import { places } from '@pocker/grader'
import { listNetns, NETNS_DIR, removeNetns } from '@pocker/net'
import { isAbandoned } from '@pocker/pid'
import { call, MNT_DETACH, umount2 } from '@pocker/syscalls'

interface Leftover { readonly what: string; readonly remove: () => void | Promise<void> }

/** @returns exit code 0 if nothing is left */
export async function clean(yes: boolean): Promise<number> {
  const found = await leftovers()
  if (found.length === 0) {
    console.log('There is nothing to clean up.')
    return 0
  }
  let left = 0
  for (const { what, remove: away } of found) {
    try {
      if (yes) await away()
      console.log(yes ? `removed: ${what}` : `left over: ${what}`)
    } catch (error) {
      left++
      console.log(`still there: ${what}: ${(error as Error).message}`)
    }
  }
  if (!yes) console.log('\nRemove them: npx course clean --yes')
  return yes && left === 0 ? 0 : 1
}

export async function leftovers(): Promise<Leftover[]> {
  const { rootfs } = await places()
  const cache = join(rootfs, '..')
  // Processes first: they hold the rest.
  return [...processes(cache), ...groups(), ...mounts(cache), ...networks()]
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it has ended
  }
}
const list = (dir: string): string[] => {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

/** Process 1 of a sandbox, or of an answer's box, whose grader is gone: with it, all in it end. */
function processes(cache: string): Leftover[] {
  return list('/proc').filter((pid) => /^\d+$/.test(pid)).flatMap((pid): Leftover[] => {
    if (!isSandbox(pid, cache) || isSandbox(parentOf(pid), cache) || isNode(parentOf(pid))) return []
    const command = read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim().slice(0, 60)
    return [{ what: `process ${pid} in a sandbox: ${command}`, remove: () => void process.kill(Number(pid), 'SIGKILL') }]
  })
}

/** In a mount namespace of its own, with the grader's folder as what its root was mounted from. */
function isSandbox(pid: string, cache: string): boolean {
  const own = link('/proc/self/ns/mnt')
  const theirs = link(`/proc/${pid}/ns/mnt`)
  if (theirs === '' || theirs === own) return false
  const root = read(`/proc/${pid}/mountinfo`).split('\n').find((line) => line.split(' ')[4] === '/') ?? ''
  const from = root.split(' ')[3] ?? '' // as its file system has it, which may be mounted anywhere
  return from.endsWith('/grader/rootfs') && join(cache, 'rootfs').endsWith(from)
}

const parentOf = (pid: string): string => /^PPid:\t(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0'
const isNode = (pid: string): boolean => pid !== '1' && link(`/proc/${pid}/exe`) === process.execPath
const link = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const [PARENT, GRADE] = ['/pocker', 'grade-']
function groups(): Leftover[] {
  if (process.geteuid?.() !== 0) return []
  const tree = findTree()
  return below({ tree, path: PARENT }).filter((name) => name.startsWith(GRADE) && isAbandoned(name.slice(GRADE.length)))
    .map((name) => ({ what: `control group ${PARENT}/${name}`, remove: () => remove({ tree, path: `${PARENT}/${name}` }) }))
}

/** The newest first: a mount may lie on another. */
function mounts(cache: string): Leftover[] {
  const points = read('/proc/self/mountinfo').split('\n').map((line) => line.split(' ')[4] ?? '')
    .map((point) => point.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))))
  return points.filter((point) => point.startsWith(`${cache}/`)).toReversed().map((point) => ({
    what: `mount on ${point}`, remove: () => void call(umount2(point, MNT_DETACH)),
  }))
}

function networks(): Leftover[] {
  const used = new Set(list('/proc').filter((pid) => /^\d+$/.test(pid)).map((pid) => link(`/proc/${pid}/ns/net`)))
  return listNetns(NETNS_DIR).map((name) => join(NETNS_DIR, name)).filter((path) => !used.has(`net:[${statSync(path).ino}]`))
    .map((path) => ({ what: `network namespace ${path}`, remove: () => removeNetns(path) }))
}
