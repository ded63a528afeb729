// A plan of an answer runs in the sandbox, and the kernel is asked from outside what came of it.
//
//   const seen = await look(isolation, places, limits)   → the container's namespaces, names, numbers and mounts, and
//                                                          the sandbox's
//
// Invariant: nothing that runs inside is believed. The probe only says when to look, with a word that nobody knew
// before. When look() has ended, nothing of the sandbox is left: with its PID 1, everything in it dies.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, writeFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  Arena, CLONE_CLEAR_SIGHAND, CLONE_NEWUSER, CLONE_NEWUTS, encode, ended, endedSync, failedStep, failure, machine,
  namespaces, O_CLOEXEC, O_RDONLY, open, pipe, setns, SyscallError, uname, type FileWrite, type Isolation, type Result,
} from '@pocker/syscalls'
import { closeAll, listen, type Heard, type Limits } from './listen.ts'
import { mountsOf, type Mount } from './mounts.ts'
import type { Places } from './places.ts'
import { idMaps, sandbox, SANDBOX_FLAGS, type Names, type Sandboxed } from './sandbox.ts'
import { Failure, Lacks } from './verdict.ts'

/** Namespaces by type, such as `{ uts: 'uts:[4026532201]' }`. */
type Namespaces = Readonly<Record<string, string>>

/** What the kernel said while the container stood still. */
export interface Seen extends Names {
  readonly namespaces: Namespaces
  /** The container's process numbers: the one in the sandbox first, the one in its own PID namespace last. */
  readonly numbers: readonly number[]
  /** As the container's process sees them. */
  readonly mounts: readonly Mount[]
  /** The sandbox plays the machine: what it was before the plan's first step, and what it is now. */
  readonly sandbox: {
    readonly namespaces: Namespaces
    readonly before: Names & { readonly mounts: readonly Mount[] }
    readonly now: Names & { readonly mounts: readonly Mount[] }
    /** What the container's parent has open besides 0, 1 and 2, such as `pid:[4026532201]`. */
    readonly open: readonly string[]
    readonly neighbours: readonly Namespaces[]
  }
  /** The real machine's name. */
  readonly machine: { readonly before: string; readonly after: string }
}

export interface Surroundings {
  /** Processes beside the container, in PID namespaces of their own. Their numbers in the sandbox are 2, 3, … */
  readonly neighbours?: number
}

/**
 * @throws {Failure} if a step of the answer's fails, or its container does not get to its program
 * @throws {Lacks} if this machine can make no sandbox
 */
export async function look(
  isolation: Isolation, { rootfs }: Places, limits: Limits, { neighbours = 0 }: Surroundings = {},
): Promise<Seen> {
  const before = hostname()
  const [stdin, out, gate] = [pipe(), pipe(), pipe()]
  const names = { nodename: `machine-${word()}`, domainname: `domain-${word()}` }
  const [built, ready, made] = [word(), word(), word()]
  const { manyUsers, writes } = idMaps(readFileSync('/proc/self/uid_map', 'utf8'), ids())
  const foreign = readdirSync('/proc/self/fd').map(Number)
  const descriptors = { stdin: stdin.reader, out: out.writer, gate: gate.reader, foreign }
  const inside = sandbox(isolation, { rootfs, names, manyUsers, ...descriptors, neighbours, built, ready, made })
  const arena = new Arena(encode(inside.list, machine()))
  const pid = arena.clone(SANDBOX_FLAGS)
  closeAll([stdin.reader, out.writer, gate.reader])
  let isBuilt = (): void => {}
  const whenBuilt = new Promise<void>((resolve) => { isBuilt = resolve })
  const heard = listen(out.reader, (text) => {
    if (text.split(`${built}\n`).length - 1 === neighbours + 1) isBuilt()
    return [ready, made].every((said) => text.includes(`${said}\n`))
  }, limits)
  try {
    if (pid < 0) throw new Lacks(`this machine can make no sandbox: ${new SyscallError('clone3', -pid).message}`)
    writeMaps(writes, pid)
    writeSync(gate.writer, '.')
    const over = await Promise.race([whenBuilt, heard])
    const mounts = over ? [] : mountsOf(pid)
    if (!over) writeSync(gate.writer, '.')
    const { end } = await heard
    if (end !== 'found') throw notReady(end, arena.results(), inside, limits)
    const number = Number(arena.results().find(({ call }) => call === inside.clone)?.value ?? -1)
    return {
      ...seen(pid, number),
      sandbox: { ...around(pid, neighbours), before: { ...names, mounts } },
      machine: { before, after: hostname() },
    }
  } finally {
    closeAll([stdin.writer, gate.writer])
    if (pid > 0) await end(pid)
    arena.free()
    await heard
  }
}

function seen(sandboxPid: number, number: number): Omit<Seen, 'sandbox' | 'machine'> {
  const { pid, numbers } = childOf(sandboxPid, number)
  return { ...namesOf(pid, sandboxPid), namespaces: namespaces(pid), numbers, mounts: mountsOf(pid) }
}

/** PID 1's first child. */
const FIRST_NEIGHBOUR = 2

function around(pid: number, neighbours: number): Omit<Seen['sandbox'], 'before'> {
  return {
    namespaces: namespaces(pid), now: { ...namesOf(pid, pid), mounts: mountsOf(pid) }, open: openIn(pid),
    neighbours: Array.from({ length: neighbours }, (_, i) => namespaces(childOf(pid, FIRST_NEIGHBOUR + i).pid)),
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
function notReady(end: Heard['end'], results: readonly Result[], { setup }: Sandboxed, { ms }: Limits): Error {
  const failed = failedStep(results)
  if (failed) {
    const { message } = failure(results)
    const ours = setup.has(failed.call)
    return ours ? new Lacks(`this machine can make no sandbox: ${message}`) : new Failure(`a step failed: ${message}`)
  }
  if (end === 'late') {
    return new Failure(`the container did not reach its program within ${ms / 1000} s: does a step wait for something?`)
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
  throw new Failure('the container ended while it was looked at')
}

const openIn = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return '' // ended meanwhile
  }
}

const field = (status: string, name: string): string[] =>
  status.split('\n').find((line) => line.startsWith(`${name}:`))?.split(/\s+/).slice(1) ?? []

/** sizeof(char[__NEW_UTS_LEN + 1]): the fields of struct new_utsname. @see uname(2) */
const UTS_FIELD = 65

/** Visits the UTS namespace of a process, by way of the sandbox's user namespace: so this needs no root. */
function namesOf(pid: number, sandboxPid: number): Names {
  const flags = O_RDONLY | O_CLOEXEC
  const arena = new Arena(encode([
    { ...open(`/proc/${sandboxPid}/ns/user`, flags), as: 'user' }, { ...open(`/proc/${pid}/ns/uts`, flags), as: 'uts' },
    setns({ resultOf: 'user' }, CLONE_NEWUSER), setns({ resultOf: 'uts' }, CLONE_NEWUTS), uname(),
  ], machine()))
  try {
    const visitor = arena.clone(CLONE_CLEAR_SIGHAND)
    if (visitor < 0) throw new SyscallError('clone3', -visitor)
    endedSync(visitor)
    const results = arena.results()
    if (failedStep(results)) throw failure(results)
    const bytes = results.at(-1)?.outs[0] ?? Buffer.alloc(0)
    const at = (n: number): string => bytes.toString('utf8', n * UTS_FIELD, bytes.indexOf(0, n * UTS_FIELD))
    return { nodename: at(1), domainname: at(5) }
  } finally {
    arena.free()
  }
}

const word = (): string => randomBytes(8).toString('hex')
const ids = (): { uid: number; gid: number } => ({ uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 })
