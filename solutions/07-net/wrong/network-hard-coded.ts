// exercise: network
// wrong: always joins the same process
// score: 4
// says: expected the network namespace /proc/4/ns/net, got that of another process
import {
  CLONE_NEWNET, close, deviceSocket, IFF_UP, O_CLOEXEC, O_RDONLY, open, setInterfaceFlags, setns, type Isolation,
} from '@pocker/syscalls'

/** `path` is a file that stands for a network namespace, such as /proc/42/ns/net. */
type Mode = 'none' | 'host' | { readonly path: string }

/** Only who has made a network furnishes it: a guest finds it as it is. */
export function network(mode: Mode): Isolation {
  if (mode === 'host') return { name: 'network' }
  if (mode === 'none') {
    return {
      name: 'network',
      flags: CLONE_NEWNET,
      child: [
        { ...deviceSocket(), as: 'socket' },
        setInterfaceFlags({ resultOf: 'socket' }, 'lo', IFF_UP),
        close({ resultOf: 'socket' }),
      ],
    }
  }
  return {
    name: 'network',
    child: [
      { ...open('/proc/2/ns/net', O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWNET),
      close({ resultOf: 'namespace' }),
    ],
  }
}
