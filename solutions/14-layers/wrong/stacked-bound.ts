// exercise: stacked
// wrong: binds the directories over each other: only the last one is seen
// score: 0
// says: in the stack: expected
import { CLONE_NEWNS, mount, MS_BIND, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export interface Stack {
  readonly lowers: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly target: string
}

/** A colon stands between two directories, a comma between two options. */
export function stacked({ lowers, upper, target }: Stack): Isolation {
  return {
    name: 'stacked',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      ...[...lowers.toReversed(), ...(upper ? [upper] : [])].map((path) => mount(path, target, null, MS_BIND, null)),
    ],
  }
}
