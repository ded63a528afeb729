// A container whose plan is a student's, with his terminal, in the outer sandbox that grading has, too: what is wrong with the
// plan happens to a machine that is none.
//
//   process.exitCode = await runEnclosed(isolation, { image: '/var/lib/…/busybox' })
//
// Invariant: when it has ended, however, nothing of the sandbox is left: with its PID 1, everything in it dies.
import { randomBytes } from 'node:crypto'
import { closeSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import {
  atDoor, FIRST_CHILD, FIRST_ID, idMaps, machineSteps, opened, places, SANDBOX_FLAGS, through, written,
} from '@pocker/grader'
import {
  Arena, because, blockingStdio, clone3, CLONE_CLEAR_SIGHAND, encode, ended, exit_group, exitCode, failedStep, formatBeside,
  forwardSignals, hideProcess, machine, parseStatus, pipe, PR_SET_DUMPABLE, SpecError, startError, SyscallError, wait4,
  WALL, type Isolation, type Syscall,
} from '@pocker/syscalls'

/** Where the sandbox has the container's root file system. */
export const IMAGE = '/tmp/rootfs'

/** Whose files are root's in the sandbox: root of the image should be the same. Undefined if it is the caller. */
export const sandboxRoot = (): { uid: number; gid: number } | undefined =>
  (mapping().manyUsers ? { uid: FIRST_ID, gid: FIRST_ID } : undefined)

const mapping = (): ReturnType<typeof idMaps> =>
  idMaps(readFileSync('/proc/self/uid_map', 'utf8'), { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 })

/**
 * @param isolation whose last step executes the program
 * @param image the path of its root file system, which is at IMAGE inside
 * @returns the exit code that a shell would see
 * @throws {StartError} if the kernel refused a step of the container's
 * @throws {SpecError} if this machine can make no sandbox
 */
export async function runEnclosed(isolation: Isolation, image: string): Promise<number> {
  const found = await places().catch((cause: Error) => { throw new SpecError(`--mine: ${cause.message}`, { cause }) })
  const { manyUsers, writes } = mapping()
  const [gate, door] = [pipe(), isolation.beside?.length ? pipe() : undefined]
  const names = { nodename: `machine-${randomBytes(4).toString('hex')}`, domainname: 'sandbox' }
  const shows = [['/dev', '/dev'], ['/sys', '/sys'], [image, IMAGE]] as const
  const setup = [through(gate.reader), ...machineSteps({ places: found, names, manyUsers, shows })]
  const { list, beside } = enclosed(isolation, setup, door)
  blockingStdio()
  const arena = new Arena(encode(list, machine()))
  const pid = arena.clone(SANDBOX_FLAGS)
  for (const fd of [gate.reader, ...(door ? [door.reader, door.writer] : [])]) closeSync(fd)
  const stop = forwardSignals(() => first(pid))
  try {
    if (pid < 0) throw new SpecError(`${NO_SANDBOX}: ${new SyscallError('clone3', -pid).message}`)
    for (const { path, data } of writes) writeFileSync(path.replace('{pid}', String(pid)), data)
    writeSync(gate.writer, '.')
    closeSync(gate.writer)
    const exit = await ended(pid)
    const results = arena.results()
    const failed = failedStep(results)
    const work = failed && beside.get(failed.call)
    if (work) throw new SpecError(`${formatBeside(work)}: ${startError(results).message.split(': ').slice(1).join(': ')}`)
    if (failed && setup.includes(failed.call)) throw new SpecError(`${NO_SANDBOX}: ${startError(results).message}`)
    if (failed) throw startError(results)
    const status = results.find(({ call }) => call.as === 'end')
    return exitCode(status?.value === undefined ? exit : parseStatus(status.outs[0]?.readInt32LE(0) ?? 0))
  } finally {
    stop()
    arena.free()
  }
}

const NO_SANDBOX = '--mine: this machine can make no sandbox'

interface Door { readonly reader: number; readonly writer: number }

/** PID 1 of the sandbox: it makes the machine, does what the plan wants done beside the container, and waits for its end. */
function enclosed(
  { flags = 0n, before = [], beside = [], child = [] }: Isolation, setup: readonly Syscall[], door: Door | undefined,
) {
  const dumpable: Syscall = { call: 'prctl', args: [PR_SET_DUMPABLE, 1, 0, 0, 0] }
  const ownFiles = before.length + beside.length > 0 ? [because('its files in /proc, and its child\'s, are its own', dumpable)] : []
  const writes = written(beside, FIRST_CHILD)
  const inside = [...atDoor(door ? { door } : {}), ...child]
  const list = [
    ...setup, ...ownFiles, ...before,
    { ...clone3(flags | CLONE_CLEAR_SIGHAND, inside), as: 'container' },
    ...writes.keys(), hideProcess(), ...opened(door ? { door } : {}),
    { ...wait4({ resultOf: 'container' }, WALL), as: 'end' }, exit_group(0),
  ]
  return { list, beside: writes }
}

/** The container's first process, if it is there: PID 1 of the sandbox hears nothing. */
function first(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || pid
  } catch {
    return pid
  }
}
