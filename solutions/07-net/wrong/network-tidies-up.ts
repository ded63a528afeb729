// exercise: network
// wrong: sets lo up wherever the container is
// score: 5
// says: with host, the machine's own lo was set up
import {
  CLONE_NEWNET, close, deviceSocket, IFF_UP, O_CLOEXEC, O_RDONLY, open, setInterfaceFlags, setns, type Isolation, type Syscall,
} from '@pocker/syscalls'

type Mode = 'none' | 'host' | { readonly path: string }

export function network(mode: Mode): Isolation {
  const child = [
    ...(typeof mode === 'object' ? join(mode.path) : []),
    { ...deviceSocket(), as: 'socket' },
    setInterfaceFlags({ resultOf: 'socket' }, 'lo', IFF_UP),
    close({ resultOf: 'socket' }),
  ]
  return { name: 'network', flags: mode === 'none' ? CLONE_NEWNET : 0n, child }
}

const join = (path: string): Syscall[] => [
  { ...open(path, O_RDONLY | O_CLOEXEC), as: 'namespace' },
  setns({ resultOf: 'namespace' }, CLONE_NEWNET),
  close({ resultOf: 'namespace' }),
]
