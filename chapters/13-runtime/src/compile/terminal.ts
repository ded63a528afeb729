// A terminal of the container's own: opened within its /dev/pts, handed to whoever asked for it over a socket.
//
//   terminalMade(spec)   → while the root is held: open, send the master, bind the other end to /dev/console
//   terminal(spec)       → it becomes descriptor 0, 1 and 2, and the controlling terminal
//
// Invariant: both ends are held by descriptor. The path /dev/pts/N, which the container could swap (CVE-2025-52565), is used
// for nothing.
import { target } from '@pocker/mount'
import {
  AT_EMPTY_PATH, because, close, dup3, mayFail, moveMount, openTree, OPEN_HOW, O_CLOEXEC, O_NOCTTY, O_RDWR, RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS, type Isolation, type Syscall,
} from '@pocker/syscalls'
import { chown, controllingTerminal, sendDescriptor, setWindowSize, terminalPeer, unlockTerminal } from '../calls.ts'
import type { Spec } from '../spec/schema.ts'

/** The number that is written into the message; nothing else is open there. */
const SENT = 100
const [MASTER, PEER, CONSOLE] = [{ resultOf: 'terminal' }, { resultOf: 'peer' }, { resultOf: 'console' }]

// region terminal
export function terminalMade({ process }: Spec, { console: asConsole }: { readonly console: boolean }): Syscall[] {
  if (!process?.terminal) return []
  const {
    user: { uid, gid },
    consoleSize,
  } = process
  const how = { flags: O_RDWR | O_NOCTTY | O_CLOEXEC, mode: 0, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS }
  return [
    {
      ...because('a new terminal', { call: 'openat2', args: [{ resultOf: 'root' }, 'dev/pts/ptmx', how, OPEN_HOW.size] }),
      as: 'terminal',
    },
    unlockTerminal(MASTER),
    { ...because('its other end, without a path', terminalPeer(MASTER)), as: 'peer' },
    mayFail(because("the user's own", chown(PEER, '', uid, gid, AT_EMPTY_PATH)), 'EPERM', 'EINVAL', 'EROFS'),
    ...(consoleSize ? [setWindowSize(MASTER, consoleSize)] : []),
    ...(asConsole ? consoleMount() : []),
    dup3(MASTER, SENT, O_CLOEXEC),
    because('the master, to whoever asked for it', sendDescriptor(CONSOLE, SENT, '/dev/ptmx')),
    close(SENT),
    close(MASTER),
    close(CONSOLE),
  ]
}
// endregion

function consoleMount(): Syscall[] {
  return [
    { ...openTree(PEER, '', false), as: 'console copy' },
    ...target('console place', '/dev/console', 'file'),
    because("the system's console is this terminal", moveMount({ resultOf: 'console copy' }, { resultOf: 'console place' })),
  ]
}

export function terminal({ process }: Spec): Isolation {
  if (!process?.terminal) return { name: 'terminal' }
  return {
    name: 'terminal',
    child: [
      ...[0, 1, 2].map((fd) => dup3(PEER, fd, 0)),
      because('Ctrl-C is for this session', controllingTerminal(0)),
      close(PEER),
    ],
  }
}
