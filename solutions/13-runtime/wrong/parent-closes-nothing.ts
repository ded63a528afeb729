// exercise: parent
// wrong: closes nothing: the container itself holds the other end of its gate
// score: 5
// says: does a step wait for something?
import {
  because, clone3, CLONE_CLEAR_SIGHAND, close, exit_group, read, setsid, wait4, WALL, type Isolation, type Syscall,
} from '@pocker/syscalls'

interface Container { readonly list: readonly Syscall[]; readonly go: number; readonly status: number }

export function parent({ list, go, status }: Container): Isolation {
  const gate = { ...because('nobody left who could say it: end', read(go, 1)), onZero: [exit_group(125)] }
  return {
    name: 'parent',
    child: [
      setsid(),
      { ...clone3(CLONE_CLEAR_SIGHAND, [gate, ...list]), as: 'container' },
      close(go),
      { ...wait4({ resultOf: 'container' }, WALL), as: 'end' },
      because('how it ended', { call: 'pwrite64', args: [status, { outOf: 'end' }, 4, 0] }),
      exit_group(0),
    ],
  }
}
