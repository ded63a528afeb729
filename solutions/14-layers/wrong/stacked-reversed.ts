// exercise: stacked
// wrong: gives the lowest directory first
// score: 6
// says: expected the uppermost files
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
  const options = [
    `lowerdir=${lowers.toReversed().map(escaped).join(':')}`,
    ...(upper && work ? [`upperdir=${upper}`, `workdir=${work}`] : []),
    'userxattr',
  ].join(',')
  return {
    name: 'stacked',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('overlay', target, 'overlay', 0, options),
    ],
  }
}
