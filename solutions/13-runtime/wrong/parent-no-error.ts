// exercise: parent
// wrong: closes the standard error, too
// score: 8
// says: and 2 is closed
import {
  because, clone3, CLONE_CLEAR_SIGHAND, close, exit_group, giveUpFiles, read, setsid, wait4, WALL, type Isolation, type Syscall,
} from '@pocker/syscalls'

export interface Container { readonly list: readonly Syscall[]; readonly go: number; readonly status: number }

export function parent({ list, go, status }: Container): Isolation {
  const gate = { ...because('nobody left who could say it: end', read(go, 1)), onZero: [exit_group(125)] }
  return {
    name: 'parent',
    child: [
      setsid(),
      // Before the clone, so that the container has none of them either; and behind it nobody else can write to the gate.
      close(2), ...giveUpFiles([go, status]),
      { ...clone3(CLONE_CLEAR_SIGHAND, [gate, ...list]), as: 'container' },
      close(go),
      { ...wait4({ resultOf: 'container' }, WALL), as: 'end' },
      because('how it ended', { call: 'pwrite64', args: [status, { outOf: 'end' }, 4, 0] }),
      exit_group(0),
    ],
  }
}
