// Network namespaces: made, pinned to a file so that they outlive every process, and removed.
//
//   makeNetns('/run/pocker/netns/box'), isNetns(path), listNetns('/run/pocker/netns'), removeNetns(path)
//   elsewhere({ arrive: unshare(CLONE_NEWNET), steps: [...] })   → a list: go there, do that, come back
//
// Invariant: JavaScript never runs in another network namespace, because a thread that libuv starts meanwhile would stay
// there for ever. So leaving, working and coming back are one list of system calls, and nothing that fails on the way
// there or over there can keep the list from coming back.
//
// The pins need no mount of their own, as that of `ip netns` is: unlink(2) also takes away the copies of a pin that other
// mount namespaces got (Linux 3.18, detach_mounts), so a container that was started meanwhile does not keep it alive.
import { existsSync, lstatSync, mkdirSync, readdirSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  because, callAll, close, CLONE_NEWNET, deviceSocket, IFF_UP, mayFail, MNT_DETACH, mount, MS_BIND, netlinkSocket, O_CLOEXEC,
  O_NONBLOCK, O_RDONLY, open, setInterfaceFlags, setns, SpecError, SyscallError, umount2, unshare, type Result, type Syscall,
} from '@pocker/syscalls'

/** Where the pins of this machine are, unless somebody says otherwise. */
export const NETNS_DIR = '/run/pocker/netns'
const OWN = '/proc/thread-self/ns/net'
/** O_NONBLOCK: a FIFO would not answer. */
const READ = O_RDONLY | O_CLOEXEC | O_NONBLOCK
const EXIT = 70
/** <linux/nsfs.h>, <linux/magic.h>, <sys/mount.h> */
const NS_GET_NSTYPE = 0xb703
const NSFS_MAGIC = 0x6e736673
const UMOUNT_NOFOLLOW = 8

export interface Trip {
  /** Descriptors that are needed, each with a name; they are closed at the end. */
  readonly opened?: readonly Syscall[]
  /** A setns or an unshare. @see setns(2) */
  readonly arrive: Syscall
  readonly steps: readonly Syscall[]
}

/**
 * A list that does something in another network namespace. Only if `arrive` answers 0 does the list go on with the steps;
 * then each of them may fail, for the way back comes behind them. Whether there is one is tried before: root of a user
 * namespace may leave the machine's network, and not enter it. Should it fail for all that, there is no process any more.
 */
// region elsewhere
export function elsewhere({ opened = [], arrive, steps }: Trip): Syscall[] {
  const tidy = ['home', ...opened.map(({ as = '' }) => as)].map((name) => mayFail(close({ resultOf: name })))
  const back = mayFail(setns({ resultOf: 'home' }, CLONE_NEWNET))
  return [
    { ...because('the way back', open(OWN, READ)), as: 'home' },
    ...opened.map((step) => mayFail(step)),
    {
      ...because('is it open to us? we are still there', back),
      onZero: [
        {
          ...mayFail(arrive),
          onZero: [
            ...steps.map((step) => mayFail(step)),
            { ...because('back, whatever failed', back), onZero: tidy },
            because('better no process than one in a wrong place', { call: 'exit_group', args: [EXIT] }),
          ],
        },
        ...tidy,
      ],
    },
    ...tidy,
  ]
}
// endregion

/** @returns the results of the steps by name. @throws {SyscallError} the first that failed, named after what was to be done */
function go(what: string, list: readonly Syscall[]): Map<string, Result> {
  const results = callAll(list)
  const failed = results.find(({ value, call }) => value !== undefined && value < 0n && call.call !== 'close')
  if (failed) throw new SyscallError(`${what}: ${failed.call.call}`, Number(-(failed.value ?? 0n)))
  return new Map(results.map((result) => [result.call.as ?? '', result]))
}

/**
 * @param path of a namespace: a pin, or /proc/PID/ns/net; this process's own if nothing is said
 * @returns a descriptor of a netlink socket that belongs to it for good
 * @throws {SyscallError} if there is no such file. @throws {SpecError} if it is no network namespace
 */
// region socket
export function socketIn(path?: string): number {
  if (path === undefined) return Number(callAll([netlinkSocket()])[0]?.value)
  const target: Syscall = { ...open(path, READ), as: 'target' }
  const steps = [{ ...netlinkSocket(), as: 'socket' }]
  try {
    return Number(go(`network namespace ${path}`,
      elsewhere({ opened: [target], arrive: setns({ resultOf: 'target' }, CLONE_NEWNET), steps })).get('socket')?.value)
  } catch (error) {
    throw (error as SyscallError).code === 'EINVAL' ? notOne(path, error) : error
  }
}
// endregion

const notOne = (path: string, cause?: unknown): SpecError =>
  new SpecError(`network namespace ${path}: expected one, got another file`, { cause })

/**
 * Makes a network namespace and pins it to a new file; loopback is up in it. If this process is killed meanwhile, what is
 * there can be removed: an empty file, or a namespace.
 * @throws {SyscallError} EEXIST if the name is in use
 */
// region make
export function makeNetns(path: string): void {
  try {
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    writeFileSync(path, '', { flag: 'wx', mode: 0o444 })
  } catch (error) {
    throw named(path, error)
  }
  try {
    go(`network namespace ${path}`, elsewhere({
      arrive: unshare(CLONE_NEWNET),
      steps: [
        because('a mount keeps it alive', mount(OWN, path, null, MS_BIND, null)),
        { ...deviceSocket(), as: 'socket' },
        setInterfaceFlags({ resultOf: 'socket' }, 'lo', IFF_UP),
        close({ resultOf: 'socket' }),
      ],
    }))
  } catch (error) {
    removeNetns(path)
    throw error
  }
}
// endregion

/**
 * Unpins a network namespace: it ends with the last process in it. A half-made one, an empty file, is removed as well.
 * @throws {SyscallError} if there is no such file. @throws {SpecError} if it is something else: that stays untouched
 */
// region remove
export function removeNetns(path: string): void {
  try {
    const file = lstatSync(path)
    const pinned = !file.isSymbolicLink() && isNetns(path)
    if (!pinned && (file.size > 0 || !file.isFile() || isNamespaceFile(path))) throw notOne(path)
    // EINVAL: somebody else was quicker, or it is not ours to unmount. What that means for the file, unlink says.
    if (pinned) callAll([mayFail(umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW), 'EINVAL')])
    unlinkSync(path)
  } catch (error) {
    throw named(path, error)
  }
}
// endregion

/** @returns the names of those that are there, sorted; files that are no network namespaces are passed over */
export function listNetns(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => isNetns(join(dir, name))).toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** @returns whether the file lies in the file system of namespaces, and says of itself that it is one of the network */
export function isNetns(path: string): boolean {
  if (!isNamespaceFile(path)) return false
  const file = { resultOf: 'file' }
  const type: Syscall = { call: 'ioctl', args: [file, NS_GET_NSTYPE] }
  const list = [{ ...open(path, READ), as: file.resultOf }, type, close(file)]
  return callAll(list.map((step) => mayFail(step)))[1]?.value === CLONE_NEWNET
}

function isNamespaceFile(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS_MAGIC
  } catch {
    return false
  }
}

/** An error of node's, as one of ours. */
function named(path: string, error: unknown): unknown {
  const { errno } = error as NodeJS.ErrnoException
  if (error instanceof SyscallError || errno === undefined) return error
  return new SyscallError(`network namespace ${path}`, -errno, { cause: error })
}

