// An answer computes data, in a box: no file but node's own, no network, no other process, nobody's rights, little
// time.
//
//   await compute(code, { name: 'hostname', args: ['box'] }, places, limits)
//                                                        → { isolation } | { value } | { error } | { nonsense } | { exports }
//
// The box is a list of system calls like any container: a root of its own that holds node and its libraries, read-only.
// Invariant: what comes out is data from a stranger. Nothing of it is believed before accept() or acceptValue() has seen it.
import { randomBytes, randomInt } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import {
  because, chdir, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, command,
  dieWithParent, mayFail, mkdir, MNT_DETACH, mount, MS_BIND, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC,
  MS_REMOUNT, noGroups, noNewPrivileges, pipe, pivot_root, plan, setresgid, setresuid, setsid, spawn, StartError, umount2,
  type Child, type Isolation, type Syscall,
} from '@pocker/syscalls'
import type { Outcome, Request } from './inside.ts'
import { closeAll, listen, type Heard, type Limits } from './listen.ts'
import { privileged, type Places } from './places.ts'
import { starved } from './status.ts'
import { Failure, Lacks, Late } from './verdict.ts'

export const NOBODY = 65534
/**
 * A user whom nobody else is, for each box: the kernel counts the processes of a user, and one box could use up what another
 * one needs. Where this process may not be everybody, all of them are nobody.
 */
function stranger(): number {
  const all = /^\s*0\s+0\s+4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))
  return all ? randomInt(2 ** 31, 2 ** 31 + 2 ** 30) : NOBODY
}
const NAMESPACES = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS

/** node reads the answer from standard input: there is no file to give it. Its permission model is a second fence. */
const BOOT = `process.stdin.setEncoding('utf8')
let text = ''
for await (const chunk of process.stdin) text += chunk
const { code, request } = JSON.parse(text)
const { answer } = await import('data:text/javascript,' + encodeURIComponent(code))
await answer(request)`
/** Where the box has a shell, for ulimit: processes, and KiB of memory. */
const BUSYBOX = '/busybox'
const SHELL = 'ulimit -u 1024; ulimit -d 2097152; exec "$@"'
/** Node 23.5 took it out of the experiments. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
export const NODE = [
  process.execPath, '--max-old-space-size=256', '--no-warnings', PERMISSION,
  '--input-type=module', '-e', BOOT,
]

/** The answer's function, and what it is called with. */
export type Called = Omit<Request, 'mark'>

/**
 * Calls a function of the answer.
 * @param code as bundle() makes it
 * @param enter puts the box, by its process, where its use of the machine is limited; before it has the answer
 * @throws {Failure} if no outcome came: an endless loop, process.exit, too much output
 * @throws {Lacks} if this machine can make no box
 */
export async function compute(
  code: string, called: Called, places: Places, limits: Limits, enter: (pid: number) => void = () => {},
): Promise<Outcome> {
  const { input, line } = requestOf(code, called)
  return gather(await inBox(input, places, (text) => line.test(text), limits, enter), line, called, limits)
}

/** @returns what node is given, and how the line begins that it answers with: nobody can know that before */
export function requestOf(code: string, called: Called): { input: string; line: RegExp } {
  const mark = `${randomBytes(16).toString('hex')} `
  return { input: JSON.stringify({ code, request: { ...called, mark } }), line: new RegExp(`^${mark}(.*)\n`, 'm') }
}

/** @throws {Failure} */
export function gather({ text, end }: Heard, line: RegExp, { name }: Called, limits: Limits): Outcome {
  const [, json] = line.exec(text) ?? []
  if (json !== undefined) return outcome(json)
  const Kind = end === 'late' ? Late : Failure
  throw new Kind(NO_OUTCOME[end](name, limits))
}

const NO_OUTCOME: Readonly<Record<Heard['end'], (name: string, limits: Limits) => string>> = {
  late: (name, { ms }) => `${name}() did not return within ${ms / 1000} s: is there an endless loop?`,
  long: (_, { bytes }) => `the answer printed more than ${bytes} bytes: expected it to return data, and print nothing`,
  closed: (name) => `the answer ended node before ${name}() returned: `
    + 'is there a process.exit(), or a loop that takes all memory?',
  found: (name) => `${name}() gave no outcome`,
}

/** What a line may hold. */
interface Forgeable { isolation?: unknown; value?: unknown; nonsense?: unknown; exports?: unknown; error?: Record<string, unknown> }

/** @throws {Failure} if the line is not what inside.ts writes */
function outcome(json: string): Outcome {
  try {
    const { isolation, value, error, nonsense, exports } = JSON.parse(json) as Forgeable
    if (error) return { error: { name: String(error['name']), message: String(error['message']) } }
    if (nonsense !== undefined) return { nonsense: String(nonsense) }
    if (exports !== undefined) return { exports: String(exports) }
    return value === undefined ? { isolation: isolation as never } : { value: value as never }
  } catch (cause) {
    const message = 'the answer wrote over the grader\'s line: expected it to return data, and print nothing'
    throw new Failure(message, {}, { cause })
  }
}

async function inBox(
  input: string, places: Places, found: (text: string) => boolean, limits: Limits, enter: (pid: number) => void,
): Promise<Heard> {
  const [stdin, out, nothing] = [pipe(), pipe(), openSync('/dev/null', 'w')]
  const child = start([stdin.reader, out.writer, nothing], [stdin.writer, out.reader], places)
  const writer = new Socket({ fd: stdin.writer, readable: false, writable: true })
  writer.on('error', () => {}) // the box may be gone before it has read all
  try {
    enter(child.pid)
    writer.end(input)
    return await listen(out.reader, found, { ...limits, waits: () => starved(child.pid, limits.ms) })
  } finally {
    writer.destroy()
    child.kill('SIGKILL')
    await child.wait()
  }
}

function start(stdio: [number, number, number], ours: readonly number[], { rootfs, empty }: Places): Child {
  try {
    const argv = [`${BUSYBOX}/sh`, '-c', SHELL, 'sh', ...NODE]
    return spawn(plan([box(empty, { [BUSYBOX]: join(rootfs, 'bin') }), command({ argv, cwd: '/', stdio })]))
  } catch (error) {
    closeAll(ours)
    if (!(error instanceof StartError)) throw error
    throw new Lacks(`this machine can make no box for an answer: ${error.message}`, { cause: error })
  } finally {
    stdio.forEach((fd) => closeSync(fd))
  }
}

/** Where node's libraries are. */
const LIBRARIES = ['/usr', '/lib', '/lib64', '/nix']

/** @param extra directories by the place at which they appear */
function box(root: string, extra: Readonly<Record<string, string>>): Isolation {
  const own = [dirname(process.execPath), ...LIBRARIES].filter((dir) => existsSync(dir))
  const binds = [...own.map((dir) => [dir, dir] as const), ...Object.entries(extra)]
    .filter(([at], i, all) => !all.some(([other], j) => at.startsWith(`${other}/`) || (at === other && j < i)))
  const remount = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
  const id = stranger()
  return {
    name: 'box',
    flags: NAMESPACES | (privileged() ? 0n : CLONE_NEWUSER),
    beside: privileged() ? [] : [
      { path: '/proc/{pid}/setgroups', data: 'deny' },
      { path: '/proc/{pid}/uid_map', data: `${NOBODY} ${process.geteuid?.()} 1` },
      { path: '/proc/{pid}/gid_map', data: `${NOBODY} ${process.getegid?.()} 1` },
    ],
    child: [
      because('kill(0, …) goes to a whole process group, whatever PID namespaces its members are in', setsid()),
      because('no mount made here is seen outside', mount(null, '/', null, MS_REC | MS_PRIVATE, null)),
      mount('tmpfs', root, 'tmpfs', MS_NOSUID | MS_NODEV, 'size=1m,mode=755'),
      ...binds.flatMap(([at, from]) => [
        ...parents(root, at),
        mount(from, root + at, null, MS_BIND | MS_REC, null), mount(null, root + at, null, remount, null),
      ]),
      chdir(root),
      because('the root moves here, the old one above it', pivot_root('.', '.')),
      umount2('.', MNT_DETACH), chdir('/'),
      because('nothing can be written', mount(null, '/', null, remount, null)),
      ...(privileged() ? [noGroups(), setresgid(id), setresuid(id)] : []),
      noNewPrivileges(), dieWithParent(),
    ],
  }
}

const parents = (root: string, path: string): Syscall[] =>
  path.split('/').filter(Boolean)
    .map((_, i, parts) => mayFail(mkdir(`${root}/${parts.slice(0, i + 1).join('/')}`, 0o755)))
