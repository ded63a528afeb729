// A plan of an answer runs in the sandbox, and the kernel is asked from outside what came of it.
//
//   const seen = await look(isolation, places, limits)   → the container's namespaces, names, numbers, mounts,
//                                                          clocks and devices, and the sandbox's
//
// Invariant: nothing that runs inside is believed. The probe only says when to look, with a word that nobody knew
// before. When look() has ended, nothing of the sandbox is left: with its PID 1, everything in it dies.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, writeFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  Arena, encode, ended, failedStep, failure, formatBeside, machine, names, namespaces, pipe, SyscallError, type FileWrite,
  type Isolation, type Result,
} from '@pocker/syscalls'
import { clocksOf, knowsTimeNamespaces, type Clocks } from './clocks.ts'
import { grouping, NO_GROUPS, type Groups, type GroupsAsked } from './groups.ts'
import { knowsVeth, linksOf, type Link } from './links.ts'
import { closeAll, listen, type Heard, type Limits } from './listen.ts'
import { mountsOf, type Mount } from './mounts.ts'
import type { Places } from './places.ts'
import { rightsOf, type Handed, type Rights } from './rights.ts'
import { field, readIf, scoreOf } from './status.ts'
import { FIRST_CHILD, FIRST_ID, idMaps, sandbox, SANDBOX_FLAGS, type Names, type Sandboxed, type User } from './sandbox.ts'
import { usersOf, type Users } from './users.ts'
import { Failure, Lacks, Late } from './verdict.ts'

/** Namespaces by type, such as `{ uts: 'uts:[4026532201]' }`. */
type Namespaces = Readonly<Record<string, string>>

/** What the kernel said while the container stood still. */
export interface Seen extends Names {
  readonly namespaces: Namespaces
  /** The container's process numbers: the one in the sandbox first, the one in its own PID namespace last. */
  readonly numbers: readonly number[]
  /** As the container's process sees them. */
  readonly mounts: readonly Mount[]
  readonly users: Users
  readonly rights: Rights
  readonly clocks: Clocks
  /** The devices of its network namespace. */
  readonly links: readonly Link[]
  /** Empty, unless they were asked for. */
  readonly groups: Groups
  /** What is added to its points when somebody has to be killed for memory: oom_score_adj. */
  readonly score: number
  /** The sandbox plays the machine: what it was before the plan's first step, and what it is now. */
  readonly sandbox: {
    readonly namespaces: Namespaces
    readonly before: Names & { readonly mounts: readonly Mount[]; readonly clocks: Clocks }
    readonly now: Names & { readonly mounts: readonly Mount[]; readonly links: readonly Link[] }
    /** What the container's parent has open besides 0, 1 and 2, such as `pid:[4026532201]`. */
    readonly open: readonly string[]
    readonly neighbours: readonly Namespaces[]
    /** The container's parent's, then that of each neighbour: as `score`. */
    readonly scores: readonly number[]
    /** The network devices of each of them. */
    readonly neighbourLinks: readonly (readonly Link[])[]
  }
  /** The real machine's name. */
  readonly machine: { readonly before: string; readonly after: string }
}

export interface Surroundings {
  /** Processes beside the container, in PID and network namespaces of their own. Their numbers in the sandbox are 2, 3, … */
  readonly neighbours?: number
  /** Whose the container is, instead of root's; then the program makes a file, too. */
  readonly user?: User
  /** What root has that a container should not keep. */
  readonly handed?: Handed
  /** Control groups for the container, or what stands for them. */
  readonly groups?: GroupsAsked
  /** MiB of memory that a child of the program's uses before it is looked at. It may be killed for that. */
  readonly touches?: number
  /** A type of namespaces, or of network devices, that not every kernel knows. */
  readonly needs?: 'time' | 'veth'
}

/**
 * @param enter puts the sandbox where its use of the machine is limited, before its first step
 * @throws {Failure} if a step of the answer's fails, or its container does not get to its program
 * @throws {Lacks} if this machine can make no sandbox
 */
export async function look(
  isolation: Isolation, places: Places, limits: Limits, surroundings: Surroundings = {},
  enter: (pid: number) => void = () => {},
): Promise<Seen> {
  const { neighbours = 0, user: asked, groups: wanted, handed, touches, needs } = surroundings
  if (needs === 'time' && !knowsTimeNamespaces()) throw new Lacks('this machine has no time namespaces (Linux 5.6, CONFIG_TIME_NS)')
  const before = hostname()
  const { manyUsers, writes } = idMaps(readFileSync('/proc/self/uid_map', 'utf8'), ids())
  const user = asked ?? (isolation.beside?.length ? { uid: 0, gid: 0 } : undefined)
  if (user) mayMap(user, manyUsers)
  if (handed?.groups) mayMap({ uid: 0, gid: 0 }, manyUsers)
  if (wanted?.name !== undefined && !manyUsers) throw new Lacks('no control groups can be made: run the grader as root')
  const groups = wanted && grouping(wanted, FIRST_ID)
  const [stdin, out, gate] = [pipe(), pipe(), pipe()]
  const door = isolation.beside?.length ? pipe() : undefined
  const file = user ? `/tmp/${word()}` : undefined
  const names = { nodename: `machine-${word()}`, domainname: `domain-${word()}` }
  const [built, ready, made] = [word(), word(), word()]
  const theirs = [stdin.reader, out.writer, gate.reader, ...(door ? [door.reader, door.writer] : [])]
  const foreign = readdirSync('/proc/self/fd').map(Number).filter((fd) => fd !== door?.reader && fd !== door?.writer)
  const descriptors = { stdin: stdin.reader, out: out.writer, gate: gate.reader, foreign }
  const frame = { places, names, manyUsers, ...descriptors, neighbours, built, ready, made }
  const extra = { ...(user && { user }), ...(door && { door }), ...(file && { file }), ...(groups && { groups: groups.frame }) }
  const inside = sandbox(isolation, { ...frame, ...extra, ...(handed && { handed }), ...(touches && { touches }) })
  const arena = new Arena(encode(inside.list, machine()))
  const pid = arena.clone(SANDBOX_FLAGS)
  closeAll(theirs)
  let isBuilt = (): void => {}
  const whenBuilt = new Promise<void>((resolve) => { isBuilt = resolve })
  const heard = listen(out.reader, (text) => {
    if (text.split(`${built}\n`).length - 1 === neighbours + 1) isBuilt()
    return [ready, made].every((said) => text.includes(`${said}\n`))
  }, limits)
  try {
    if (pid < 0) throw new Lacks(`this machine can make no sandbox: ${new SyscallError('clone3', -pid).message}`)
    writeMaps(writes, pid)
    // A sandbox with groups of its own is limited by them.
    wanted?.name === undefined ? enter(pid) : groups?.enter(pid)
    writeSync(gate.writer, '.')
    const over = await Promise.race([whenBuilt, heard])
    const [mounts, clocks] = [over ? [] : mountsOf(pid), clocksOf(over ? process.pid : pid)]
    if (!over && needs === 'veth' && !knowsVeth(pid)) throw new Lacks('this machine has no veth devices (CONFIG_VETH)')
    if (!over) groups?.open(pid)
    if (!over) writeSync(gate.writer, '.')
    const { end } = await heard
    if (end !== 'found') throw notReady(end, arena.results(), inside, limits)
    const number = Number(arena.results().find(({ call }) => call === inside.clone)?.value ?? -1)
    return still(() => ({
      ...seen(pid, number, file, groups),
      sandbox: { ...around(pid, neighbours), before: { ...names, mounts, clocks } },
      machine: { before, after: hostname() },
    }))
  } finally {
    closeAll([stdin.writer, gate.writer])
    if (pid > 0) await end(pid)
    arena.free()
    await heard
    await groups?.close()
  }
}

/** @throws {Failure} if a process that is looked at ends meanwhile: then its files in /proc are gone */
function still<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    const { code, path = '', message } = error as NodeJS.ErrnoException
    const gone = ['ENOENT', 'ESRCH'].includes(code ?? '') && (path.startsWith('/proc/') || message.includes('/proc/'))
    throw gone ? new Failure(ENDED, {}, { cause: error }) : error
  }
}

const ENDED = 'the container ended while it was looked at'

type Grouping = ReturnType<typeof grouping>

function seen(sandboxPid: number, number: number, file?: string, grouped?: Grouping): Omit<Seen, 'sandbox' | 'machine'> {
  const { pid, numbers } = childOf(sandboxPid, number)
  const users = usersOf(pid, sandboxPid, file)
  const [mounts, clocks] = [mountsOf(pid), clocksOf(pid)]
  const [links, groups] = [linksOf(pid, sandboxPid), grouped?.seen(pid, sandboxPid) ?? NO_GROUPS]
  const found = { mounts, users, rights: rightsOf(pid, sandboxPid), clocks, links, open: openIn(pid), groups, score: scoreOf(pid) }
  return { ...names(pid, sandboxPid), namespaces: namespaces(pid), numbers, ...found }
}

function around(pid: number, neighbours: number): Omit<Seen['sandbox'], 'before'> {
  const pids = Array.from({ length: neighbours }, (_, i) => childOf(pid, FIRST_CHILD + i).pid)
  return {
    namespaces: namespaces(pid), now: { ...names(pid), mounts: mountsOf(pid), links: linksOf(pid, pid) }, open: openIn(pid),
    scores: [pid, ...pids].map(scoreOf),
    neighbours: pids.map(namespaces), neighbourLinks: pids.map((neighbour) => linksOf(neighbour, pid)),
  }
}

/** @throws {Lacks} */
function mayMap({ alone }: User, manyUsers: boolean): void {
  if (!manyUsers) throw new Lacks('this machine has no other users for a sandbox: run the grader as root')
  if (alone && readIf('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1') {
    throw new Lacks('kernel.apparmor_restrict_unprivileged_userns is 1: only root makes user namespaces here')
  }
}

function writeMaps(writes: readonly FileWrite[], pid: number): void {
  try {
    for (const { path, data } of writes) writeFileSync(path.replace('{pid}', String(pid)), data)
  } catch (error) {
    throw new Lacks(`this machine can make no sandbox: ${(error as Error).message}`, { cause: error })
  }
}

async function end(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await ended(pid)
}

/** Why the probe has not said its word. */
function notReady(end: Heard['end'], results: readonly Result[], { setup, beside }: Sandboxed, { ms }: Limits): Error {
  const failed = failedStep(results)
  if (failed) {
    const { message } = failure(results)
    const ours = setup.has(failed.call)
    const work = beside.get(failed.call)
    if (work) return new Failure(`a step failed: ${formatBeside(work)}: ${message.split(': ').at(-1)}`)
    return ours ? new Lacks(`this machine can make no sandbox: ${message}`) : new Failure(`a step failed: ${message}`)
  }
  if (end === 'late') {
    return new Late(`the container did not reach its program within ${ms / 1000} s: does a step wait for something?`)
  }
  return new Failure('the container ended before its program ran: does a step end it, or become another program?')
}

/**
 * NSpid lists a process's numbers, from the namespace of our /proc inwards: as many come before the sandbox's as the
 * sandbox's own PID 1 has before its 1.
 * @returns the child of the sandbox's PID 1 that has the number `inner` in there: its number out here, and those from
 * the sandbox inwards
 */
function childOf(sandboxPid: number, inner: number): { pid: number; numbers: number[] } {
  const level = field(statusOf(String(sandboxPid)), 'NSpid').length - 1
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = statusOf(entry)
    if (field(status, 'PPid')[0] !== String(sandboxPid)) continue
    const numbers = field(status, 'NSpid').slice(level).map(Number)
    if (numbers[0] === inner) return { pid: Number(entry), numbers }
  }
  throw new Failure(ENDED)
}

const openIn = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))

/** Empty for a process that has ended meanwhile. */
const statusOf = (pid: string): string => readIf(`/proc/${pid}/status`)

const word = (): string => randomBytes(8).toString('hex')
const ids = (): { uid: number; gid: number } => ({ uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 })
