// exercise: network
// wrong: takes host for a mode with a namespace
// score: 5
// says: got a new one: host means none
import {
  CLONE_NEWNET, close, deviceSocket, IFF_UP, O_CLOEXEC, O_RDONLY, open, setInterfaceFlags, setns, type Isolation,
} from '@pocker/syscalls'

/** `path` is a file that stands for a network namespace, such as /proc/42/ns/net. */
type Mode = 'none' | 'host' | { readonly path: string }

/** Only who has made a network furnishes it: a guest finds it as it is. */
export function network(mode: Mode): Isolation {
  if (mode === 'none' || mode === 'host') {
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
      { ...open(mode.path, O_RDONLY | O_CLOEXEC), as: 'namespace' },
      setns({ resultOf: 'namespace' }, CLONE_NEWNET),
      close({ resultOf: 'namespace' }),
    ],
  }
}
