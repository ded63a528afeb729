// exercise: network
// wrong: makes a namespace and leaves lo as it is
// score: 5
// says: expected lo up, got lo down
import {
  CLONE_NEWNET, close, O_CLOEXEC, O_RDONLY, open, setns, type Isolation,
} from '@pocker/syscalls'

/** `path` is a file that stands for a network namespace, such as /proc/42/ns/net. */
type Mode = 'none' | 'host' | { readonly path: string }

/** Only who has made a network furnishes it: a guest finds it as it is. */
export function network(mode: Mode): Isolation {
  if (mode === 'host') return { name: 'network' }
  if (mode === 'none') {
    return { name: 'network', flags: CLONE_NEWNET }
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
