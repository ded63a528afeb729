// exercise: parent
// wrong: ends with code 1 if nobody says go
// score: 7
// says: without a go: expected code 125
import {
  because, clone3, CLONE_CLEAR_SIGHAND, close, exit_group, giveUpFiles, read, setsid, wait4, WALL, type Isolation, type Syscall,
} from '@pocker/syscalls'

export interface Container { readonly list: readonly Syscall[]; readonly go: number; readonly status: number }

export function parent({ list, go, status }: Container): Isolation {
  const gate = { ...because('nobody left who could say it: end', read(go, 1)), onZero: [exit_group(1)] }
  return {
    name: 'parent',
    child: [
      setsid(),
      // Before the clone, so that the container has none of them either; and behind it nobody else can write to the gate.
      ...giveUpFiles([go, status]),
      { ...clone3(CLONE_CLEAR_SIGHAND, [gate, ...list]), as: 'container' },
      close(go),
      { ...wait4({ resultOf: 'container' }, WALL), as: 'end' },
      because('how it ended', { call: 'pwrite64', args: [status, { outOf: 'end' }, 4, 0] }),
      exit_group(0),
    ],
  }
}
