// Directories on top of each other.
import { CLONE_NEWNS, mount, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export interface Stack {
  readonly lowers: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly target: string
}

/** A colon stands between two directories, a comma between two options. */
const escaped = (path: string): string => path.replace(/[\\:,]/g, '\\$&')

export function stacked({ lowers, upper, work, target }: Stack): Isolation {
  // step: the lower directories, the uppermost first. The kernel takes one text
  const options = [
    `lowerdir=${lowers.map(escaped).join(':')}`,
    // step: where changes go. Without both of them the stack is read-only
    ...(upper && work ? [`upperdir=${upper}`, `workdir=${work}`] : []),
    // step: its marks are attributes; in a user namespace only those that begin with user. are open to it
    'userxattr',
  ].join(',')
  // step: a mount table of its own, private first; and then one mount
  return {
    name: 'stacked',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('overlay', target, 'overlay', 0, options),
    ],
  }
}
