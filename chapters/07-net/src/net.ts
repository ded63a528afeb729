// A network of its own. CLONE_NEWNET gives a container network devices, addresses, routes and ports that nobody else has.
//
//   net({ mode: 'none' })                               → a new namespace with nothing but lo, and lo is up
//   net({ mode: 'host' })                               → the machine's
//   net({ mode: { path: '/run/pocker/netns/web' } })    → one that was made and configured before
//
// Invariant: the child enters a namespace by a file that is opened before its root changes; node itself never enters one.
import {
  because, CLONE_NEWNET, close, deviceSocket, dieWithParent, enter, IFF_RUNNING, IFF_UP, setInterfaceFlags, SpecError,
  type Isolation, type Syscall,
} from '@pocker/syscalls'

/** `path` is a file that stands for a network namespace: /proc/PID/ns/net, or a pinned one, see netns.ts. */
export type NetMode = 'none' | 'host' | { readonly path: string }

export interface NetSpec {
  readonly mode: NetMode
  /** Who enters an existing one. The child of a new user namespace has no power over it: there, it is the process `between`. */
  readonly enteredBy?: 'child' | 'between'
}

/**
 * @throws {SpecError} if the path is empty
 * @see network_namespaces(7)
 */
// region net
export function net({ mode, enteredBy = 'child' }: NetSpec): Isolation {
  if (mode === 'host') return { name: 'net' }
  if (mode === 'none') return { name: 'net', flags: CLONE_NEWNET, child: loopbackUp() }
  if (!mode.path) throw new SpecError('net.path: expected the path of a network namespace, got ""')
  const entry = enter(mode.path, CLONE_NEWNET, 'its network is the container\'s')
  if (enteredBy === 'child') return { name: 'net', child: entry }
  return { name: 'net', before: [because('it must not outlive its parent either', dieWithParent()), ...entry] }
}
// endregion

/** A new namespace has a lo, and it is down: even 127.0.0.1 cannot be reached. */
// region loopback
function loopbackUp(): Syscall[] {
  const socket = { resultOf: 'device socket' }
  return [
    { ...because('something to ask the kernel through', deviceSocket()), as: socket.resultOf },
    because('127.0.0.1 and ::1 come with it', setInterfaceFlags(socket, 'lo', IFF_UP | IFF_RUNNING)),
    close(socket),
  ]
}
// endregion
