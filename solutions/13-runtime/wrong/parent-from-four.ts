// exercise: parent
// wrong: closes from 4 on, as 3 is the first to be its own
// score: 8
// says:  beside 0, 1 and 2, got 3, too
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
      ...giveUpFiles([3, go, status].toSorted((a, b) => a - b)),
      { ...clone3(CLONE_CLEAR_SIGHAND, [gate, ...list]), as: 'container' },
      close(go),
      { ...wait4({ resultOf: 'container' }, WALL), as: 'end' },
      because('how it ended', { call: 'pwrite64', args: [status, { outOf: 'end' }, 4, 0] }),
      exit_group(0),
    ],
  }
}
